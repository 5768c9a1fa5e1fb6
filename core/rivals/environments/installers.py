"""How environments are made and filled: uv where it may be used, else venv and pip.

The user's own settings count: pip reads its configuration and its PIP_* variables, uv its own. No index is named here.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Protocol

from .pythons import ChosenPython

PIP_SETTINGS = ("index-url", "extra-index-url", "find-links", "no-index", "constraint", "proxy", "cert", "client-cert")
"""Of pip's configuration: where distributions come from, and which of them may be taken."""

UV_SETTINGS = ("UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_NO_INDEX")

NOT_OURS = (
    *("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "CONDA_PREFIX", "UV_PYTHON"),
    *("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON", "PIP_REQUIREMENT", "PIP_EDITABLE", "PIP_DRY_RUN"),
)
"""Variables that would lead an installation elsewhere or add to it."""

DRIVES_OTHERS = (22, 3)
"""The first pip that installs into another environment (`--python`)."""


class Installer(Protocol):
    """`name` and its version for people; the commands, each of which has to succeed."""

    name: str

    def create(self, python: ChosenPython, folder: Path) -> list[str]:
        """Makes an empty environment in `folder`, which is not there yet."""
        ...

    def install(self, folder: Path, step: Sequence[str]) -> list[str]:
        """Installs what one step of a spec names."""
        ...


class Pip:
    """venv, and the pip of this program's own Python, which fills another environment quicker than a pip in there.

    Without one (an environment that uv made has none) the new environment gets its own.
    """

    def __init__(self) -> None:
        ours = _own_pip()
        self.name = f"pip {ours}" if ours else "pip"
        self._drives = ours is not None and _numbers(ours) >= DRIVES_OTHERS

    def create(self, python: ChosenPython, folder: Path) -> list[str]:
        without = ["--without-pip"] if self._drives else []
        return [python.path, "-I", "-m", "venv", *without, str(folder)]

    def install(self, folder: Path, step: Sequence[str]) -> list[str]:
        target = str(python_in(folder))
        pip = [sys.executable, "-P", "-m", "pip", "--python", target] if self._drives else [target, "-P", "-m", "pip"]
        quiet = ["--progress-bar", "off", "--no-warn-script-location"]
        return [*pip, "--no-input", "--disable-pip-version-check", "install", *quiet, *step]


class Uv:
    """uv, an installer of its own."""

    name = "uv"

    def __init__(self, path: str) -> None:
        self._path = path

    def create(self, python: ChosenPython, folder: Path) -> list[str]:
        return [self._path, "venv", "--no-project", "--python", python.path, str(folder)]

    def install(self, folder: Path, step: Sequence[str]) -> list[str]:
        return [self._path, "pip", "install", "--no-progress", "--python", str(python_in(folder)), *step]


def installer() -> Installer:
    """uv where it is on PATH and nothing says that pip knows better where distributions come from; else pip.

    uv does not read pip's configuration. Where somebody has set an index, a folder of wheels, a proxy or constraints
    for pip and nothing for uv, uv would ask the public index: it would fail behind a firewall, or take what the
    constraints rule out.
    """
    found = shutil.which("uv")
    if found is None or (_pip_is_configured() and not any(os.environ.get(name) for name in UV_SETTINGS)):
        return Pip()
    return Uv(found)


def python_in(folder: Path) -> Path:
    """The Python of the environment in `folder`."""
    return folder / "bin" / "python"


def installing_variables(folder: Path, scratch: Path) -> dict[str, str]:
    """The environment variables of an installer that fills `folder`; what it unpacks meanwhile goes to `scratch`.

    A system's own folder for temporary files is often small, or memory; wheels are large.
    """
    kept = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    return {
        **kept,
        "PATH": os.pathsep.join([str(folder / "bin"), kept.get("PATH", os.defpath)]),
        "TMPDIR": str(scratch),
        "PYTHONNOUSERSITE": "1",
        "PYTHONUNBUFFERED": "1",
        "PIP_USER": "0",
        "NO_COLOR": "1",
    }


def _own_pip() -> str | None:
    try:
        return version("pip")
    except PackageNotFoundError:
        return None


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdecimal())


def _pip_is_configured() -> bool:
    variables = [f"PIP_{name.upper().replace('-', '_')}" for name in PIP_SETTINGS]
    return any(os.environ.get(name) for name in variables) or any(map(_names_a_source, _configurations(os.environ)))


def _configurations(environ: Mapping[str, str]) -> Iterable[Path]:
    """Where pip looks for its configuration (pip's documentation, "Configuration files")."""
    home = Path.home()
    shared = environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    yield from (Path(folder) / "pip" / "pip.conf" for folder in shared.split(os.pathsep) if folder)
    yield from (Path("/etc/pip.conf"), Path("/Library/Application Support/pip/pip.conf"))
    yield from (home / ".pip" / "pip.conf", home / "Library" / "Application Support" / "pip" / "pip.conf")
    yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"
    yield Path(sys.prefix) / "pip.conf"
    if environ.get("PIP_CONFIG_FILE"):
        yield Path(environ["PIP_CONFIG_FILE"])


def _names_a_source(path: Path) -> bool:
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError:
        return False
    return any(line.partition("=")[0].strip().replace("_", "-") in PIP_SETTINGS for line in lines)
