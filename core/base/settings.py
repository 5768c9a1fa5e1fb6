"""Every setting of this program: what it is called, and what it is now (docs/settings.md).

A setting is given on the command line, by an environment variable, or in the settings file; the first of these counts,
else the default. A variable that is set but empty stands for the default, whatever the file says. Variables are looked
at each time, the file once in each process. Jobs, workers, the app and the Inspector's reader inherit the variables
and read the same file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from .errors import InputError
from .names import readable
from .settings_file import NUMBER, TEXT, TEXTS, near, read_settings
from .user_folders import user_folder

CONFIG = "FORMAT_MATTERS_CONFIG"
FILE = "settings.toml"
INTERNAL = ("FORMAT_MATTERS_APP", "FORMAT_MATTERS_SHARE")
"""Variables by which one process of ours tells another one something; nobody sets them (`core.sharing.line`)."""


@dataclass(frozen=True, slots=True)
class SettingSpec:
    """One setting.

    name: in the file; "mirrors.cifar10" is the key `cifar10` of the table `mirrors`. variable: of the environment.
    holds: TEXT, TEXTS or NUMBER. separator: of several in the variable. option: on the command line, with the verbs
    that have it. help: what it decides. default: what counts where nobody says anything, in words. choices: the words
    that it may be. is_path: "~" is the user's folder, and in the file a path has to be a full one.
    """

    name: str
    variable: str
    help: str
    default: str
    holds: str = TEXT
    separator: str = ""
    option: str = ""
    choices: tuple[str, ...] = ()
    is_path: bool = False


class SettingNow(NamedTuple):
    """What a setting is: `values`, empty for the default; `source`: "variable", "file" or "default"."""

    values: tuple[str, ...]
    source: str


def _mirror(name: str, what: str) -> SettingSpec:
    variable = f"FORMAT_MATTERS_{name.upper()}_URL"
    return SettingSpec(f"mirrors.{name}", variable, f"where {what} is downloaded from", "the official address",
                       option="`import --option url=`")  # fmt: skip


SETTINGS: Mapping[str, SettingSpec] = {
    spec.name: spec
    for spec in (
        SettingSpec(
            "home", "FORMAT_MATTERS_HOME", "the folder that holds `data/` and `runs/`",
            "in a clone its own folder; installed, the current folder where it holds `data/raw` or `data/built`, else "
            "`format-matters` in the user's data folder (Linux: `~/.local/share`); on Kaggle "
            "`/kaggle/working/format-matters`",
            option="`--home`, every verb", is_path=True,
        ),
        SettingSpec(
            "roots", "FORMAT_MATTERS_ROOTS",
            "the folders and addresses below which the app's pages open files; nobody at a page can add one then",
            "the home, the user's folder (on Kaggle also `/kaggle/input`), and what somebody at a page has allowed",
            TEXTS, os.pathsep, is_path=True,
        ),
        SettingSpec(
            "hosts", "FORMAT_MATTERS_HOSTS",
            "names beside its own that the app answers under: `images.example.com`, or `*.example.com`",
            "`localhost`, loopback addresses, and the address that it is reached at", TEXTS, ",",
        ),
        SettingSpec(
            "port", "FORMAT_MATTERS_PORT", "the port of the app that `view` and `share` start",
            "the first free one from 8501 on",
            NUMBER, option="`view --port`, `share --port`",
        ),
        SettingSpec(
            "plugins", "FORMAT_MATTERS_PLUGINS", "importable modules that register further parts", "none", TEXTS, ",",
        ),
        SettingSpec(
            "kernels", "FORMAT_MATTERS_KERNELS",
            "`background`: the loader works while its kernels are compiled; `wait`: it waits for them", "`background`",
            choices=("background", "wait"),
        ),
        SettingSpec(
            "cache", "FORMAT_MATTERS_CACHE",
            "the folder of compiled kernels and of the numbers of workers that were measured",
            "`format-matters` in the user's cache folder (Linux: `~/.cache`)", is_path=True,
        ),
        SettingSpec(
            "session", "FORMAT_MATTERS_SESSION", "the name of the folder in `runs/` that measurements go to",
            "the time of the start and the process's number",
        ),
        _mirror("cifar10", "CIFAR-10 (the archive)"),
        _mirror("cifar100", "CIFAR-100 (the archive)"),
        _mirror("stl10", "STL-10 (the archive)"),
        _mirror("mnist", "MNIST (the folder of its files)"),
        _mirror("fashion_mnist", "Fashion-MNIST (the folder of its files)"),
        _mirror("svhn", "SVHN (the folder of its files)"),
    )
}  # fmt: skip

KINDS = tuple((spec.name, spec.holds) for spec in SETTINGS.values())
_HIGHEST_PORT = 65535


def setting(name: str, environment: Mapping[str, str] = os.environ) -> SettingNow:
    """What a setting is now, and who says so.

    Raises InputError where the settings file cannot be used, or the value is none that this setting can have.
    """
    spec = SETTINGS[name]
    given = environment.get(spec.variable)
    if given is not None:
        values = tuple(part.strip() for part in _separated(given, spec.separator) if part.strip())
        source, said_by = "variable", spec.variable
    else:
        file = settings_file(environment)
        values = read_settings(file, KINDS).get(name, ()) if file is not None else ()
        source, said_by = "file", f"{readable(file or '')}: {name}"
    if not values:
        return SettingNow((), "default")
    return SettingNow(tuple(_usable(spec, value, source, said_by) for value in values), source)


def setting_text(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """Of a setting that holds one; "" for the default. Raises what `setting` does."""
    return next(iter(setting(name, environment).values), "")


def settings_file(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The file to read: the one that FORMAT_MATTERS_CONFIG names, else the user's where he has one, else None.

    The null device stands for none.
    """
    given = environment.get(CONFIG)
    if given == os.devnull:
        return None
    if given:
        return Path(given).expanduser().absolute()
    usual = usual_settings_file(environment)
    return usual if os.path.lexists(usual) else None


def usual_settings_file(environment: Mapping[str, str] = os.environ) -> Path:
    """Where a user's settings file lies, whether or not it is there."""
    return user_folder("config", environment) / FILE


def use_settings(file: str | None) -> None:
    """Make `file` the settings file of this process and of those that it starts, unless it is None; check all.

    Raises what `check_settings` does.
    """
    if file is not None:
        os.environ[CONFIG] = file if file == os.devnull else str(Path(file).expanduser().absolute())
    check_settings()


def check_settings(environment: Mapping[str, str] = os.environ) -> None:
    """Raises InputError where any setting cannot be used: a program says so as it starts, not in the middle."""
    for name in SETTINGS:
        setting(name, environment)


def unknown_variables(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Variables of our name that no setting has, each in a sentence: it was meant to do something, and does nothing."""
    known = [*(spec.variable for spec in SETTINGS.values()), CONFIG, *INTERNAL]
    ours = sorted(name for name in environment if name.startswith("FORMAT_MATTERS_") and name not in known)
    return [f"the variable {name} is no setting{near(name, known)}" for name in ours]


def _separated(text: str, separator: str) -> list[str]:
    """Of "/a:s3://b/c:/d" the paths and addresses: the colon of an address, and that of its port, separate nothing.

    >>> _separated("/data:s3://bucket/a:https://host:8080/b:/more", ":")
    ['/data', 's3://bucket/a', 'https://host:8080/b', '/more']
    """
    if not separator:
        return [text]
    if separator != ":":
        return text.split(separator)
    return re.findall(r"(?:[A-Za-z][A-Za-z0-9+.-]+://[^/:]*(?::\d+(?=[/:]|$))?[^:]*|[^:]+)", text)


def _usable(spec: SettingSpec, value: str, source: str, said_by: str) -> str:
    """`value`, with "~" put in place of the user's folder. Raises InputError."""
    if spec.choices and value not in spec.choices:
        raise InputError(f"{said_by} is {value!r}: choose {' or '.join(spec.choices)}")
    if spec.holds == NUMBER and not (value.isascii() and value.isdecimal() and 0 < int(value) <= _HIGHEST_PORT):
        raise InputError(f"{said_by} is {value!r}: give a whole number from 1 to {_HIGHEST_PORT}")
    if not spec.is_path or "://" in value:
        return value
    if "\0" in value:
        raise InputError(f"{said_by} is no path: it has a zero byte in it")
    path = os.path.expanduser(value)  # noqa: PTH111 - Path would change what an address looks like
    if source == "file" and not Path(path).is_absolute():
        raise InputError(f"{said_by} is {value!r}: in the file a path begins with / or ~/")
    return path
