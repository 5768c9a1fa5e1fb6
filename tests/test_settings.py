"""Settings: command line before variable before file before default, in every process; what is wrong is told."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from core.__main__ import main
from core.base import settings, user_folders
from core.base.errors import InputError
from core.base.home import REPOSITORY, Home
from core.base.settings import CONFIG, SETTINGS, SettingNow, setting, settings_file, unknown_variables
from core.base.settings_file import read_settings
from core.base.user_folders import user_folder
from core.cli.settings import template
from core.inspect.roots import Roots
from core.loading import kernel_cache
from core.rivals.environments import environment_variables
from core.sources.cifar10 import URL_VARIABLE

LONG = "\n".join(f"# {number}" for number in range(30_000))


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The settings file of this process and those it starts; no variable says anything."""
    for spec in SETTINGS.values():
        monkeypatch.delenv(spec.variable, raising=False)
    monkeypatch.setenv(CONFIG, str(tmp_path / "own.toml"))
    read_settings.cache_clear()
    yield tmp_path / "own.toml"
    read_settings.cache_clear()


def test_who_comes_first(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(
        f'home = "{tmp_path}/from-file"\nroots = ["/a:b", "s3://c/d", "~/e"]\n[mirrors]\nmnist = "https://m/"\n'
    )
    assert setting("home") == SettingNow((f"{tmp_path}/from-file",), "file")
    assert Home.find().root == tmp_path / "from-file"
    assert setting("roots").values == ("/a:b", "s3://c/d", str(Path.home() / "e"))
    assert Roots.of(Home(tmp_path)).addresses == ("s3://c/d",)
    assert setting("mirrors.mnist").values == ("https://m/",)
    assert setting("kernels") == SettingNow((), "default")
    monkeypatch.setenv("FORMAT_MATTERS_HOME", "~/from-variable")
    assert Home.find().root == Path.home() / "from-variable"
    assert Home.find(tmp_path / "given").root == tmp_path / "given"
    monkeypatch.setenv("FORMAT_MATTERS_ROOTS", "")  # empty: the default, whatever the file says
    assert not Roots.of(Home(tmp_path)).fixed
    assert setting("roots") == SettingNow((), "default")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hom = '/x'", "'hom' is no setting; did you mean 'home'?"),
        ("[mirrors]\ncifar = 'x'", "'mirrors.cifar' is no setting; did you mean 'mirrors.cifar10'?"),
        ("mirrors = 'x'", "'mirrors' is no setting"),
        ("home = ['/x']", "'home' must be a text, not a list"),
        ("home = 3", "'home' must be a text, not a whole number"),
        ("home = 'x'", "home is 'x': in the file a path begins with / or ~/"),
        ("[home]\na = 1", "'home' must be a text, not a table"),
        ("roots = [1]", "'roots' must be a list of texts, not a list"),
        ("port = '8501'", "'port' must be a whole number, not a text"),
        ("port = true", "'port' must be a whole number, not true or false"),
        ("port = 70000", "port is '70000': give a whole number from 1 to 65535"),
        ("kernels = 'later'", "kernels is 'later': choose background or wait"),
        ("plugins = 2026-01-01", "'plugins' must be a list of texts, not a date or time"),
        ("home = ", "are no TOML: Invalid value (at end of document)"),
        ("home = '\\u00ff'.", "are no TOML"),
        (LONG, "cannot be read: it is larger than 0.1 MB"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_key(
    file: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    file.write_text(text)
    assert main(["formats"]) == 2
    shown = capsys.readouterr()
    assert (shown.out, shown.err.count("\n")) == ("", 1)
    assert str(file) in shown.err
    assert told in shown.err


def test_a_file_that_is_named_must_be_there(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings"]) == 2
    assert f"the settings in {file} cannot be read: it is not there" in capsys.readouterr().err
    file.write_bytes(b"\xff")
    assert main(["settings"]) == 2
    assert "it is not UTF-8 text" in capsys.readouterr().err
    assert main(["settings", "--config", str(tmp_path)]) == 2
    assert "it is a folder" in capsys.readouterr().err
    assert main(["settings", "--config", os.devnull]) == 0


def test_variables_are_checked_too(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.touch()
    monkeypatch.setenv("FORMAT_MATTERS_PORT", "８５０１")  # digits, but not ours
    with pytest.raises(InputError, match="FORMAT_MATTERS_PORT is '８５０１': give a whole number"):
        settings.check_settings()
    monkeypatch.setenv("FORMAT_MATTERS_ROOT", "/")
    told = unknown_variables()
    assert told == ["the variable FORMAT_MATTERS_ROOT is no setting; did you mean 'FORMAT_MATTERS_ROOTS'?"]


def test_the_verb_says_where_each_comes_from(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text('hosts = "a.example.com"\nport = 8600\nsession = "s"')
    monkeypatch.setenv("FORMAT_MATTERS_PORT", "8700")
    monkeypatch.setenv("FORMAT_MATTERS_ROOT", "/")
    assert main(["settings", "--json", "--home", str(tmp_path)]) == 0
    told = json.loads(capsys.readouterr().out)
    rows = {row["name"]: (row["value"], row["source"]) for row in told["settings"]}
    assert list(rows) == list(SETTINGS)
    assert rows["home"] == (str(tmp_path), "--home")
    assert rows["hosts"] == (["a.example.com"], "file")
    assert rows["port"] == (8700, "variable")
    assert rows["session"] == ("s", "file")
    assert rows["kernels"] == (None, "default")
    assert (told["file"], told["read"]) == (str(file), True)
    assert "FORMAT_MATTERS_ROOTS" in told["unknown"][0]
    assert main(["settings"]) == 0
    shown = capsys.readouterr()
    assert re.search(r"port +8700 +the variable FORMAT_MATTERS_PORT +the port of the app", shown.out)
    assert "FORMAT_MATTERS_ROOT is no setting" in shown.err


def test_the_template_is_a_file_that_changes_nothing(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings", "--template", "--config", os.devnull]) == 0
    printed = capsys.readouterr().out
    assert printed.strip() == template().strip()
    assert tomllib.loads(printed) in ({}, {"mirrors": {}})
    file.write_text(re.sub(r"(?m)^# (?=[a-z_0-9]+ = )", "", printed))
    assert {name for name in SETTINGS if setting(name, {CONFIG: str(file)}).source == "file"} == set(SETTINGS)


PLUGIN = """
import pathlib, sys
def register():
    pathlib.Path(__file__).with_name(pathlib.Path(sys.argv[0]).stem + ".seen").mkdir()  # a reader writes no file
"""


def test_a_file_on_the_command_line_reaches_other_processes(file: Path, tmp_path: Path) -> None:
    """A plugin that only the file names is registered by the verb, which has formats to offer, and by the reader."""
    (tmp_path / "seeing.py").write_text(PLUGIN)
    named = tmp_path / "named.toml"
    named.write_text(f'home = "{tmp_path}/h"\nplugins = ["seeing"]')
    np.save(tmp_path / "two.npy", np.zeros((2, 8, 8, 3), np.uint8))
    command = [sys.executable, "-m", "core", "inspect", str(tmp_path / "two.npy"), "--config", str(named)]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(path.name for path in tmp_path.glob("*.seen")) == ["__main__.seen", "reader.seen"]
    assert environment_variables(Path(sys.executable))[CONFIG] == os.devnull  # a rival's process knows nothing of it


def test_folders_follow_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert user_folder("data", {}) == tmp_path / ".local/share/format-matters"
    assert user_folder("config", {"XDG_CONFIG_HOME": "/c"}) == Path("/c/format-matters")
    assert user_folder("cache", {"XDG_CACHE_HOME": ""}) == tmp_path / ".cache/format-matters"
    monkeypatch.setattr(user_folders, "SYSTEM", "darwin")
    other = user_folder("data", {})  # of the system that this runs on: the library knows it
    assert other.name == "format-matters"
    (tmp_path / ".local/share/format-matters").mkdir(parents=True)
    assert user_folder("data", {}) == tmp_path / ".local/share/format-matters"  # what was there before stays


def test_no_file_is_read_where_none_is(tmp_path: Path) -> None:
    assert settings_file({"XDG_CONFIG_HOME": str(tmp_path)}) is None
    (tmp_path / "format-matters").mkdir()
    (tmp_path / "format-matters/settings.toml").write_text("port = 8600")
    assert setting("port", {"XDG_CONFIG_HOME": str(tmp_path)}).values == ("8600",)


def test_the_cache_is_where_it_is_said(file: Path, tmp_path: Path) -> None:
    file.write_text(f'cache = "{tmp_path}/c"')
    assert kernel_cache.own_cache() == tmp_path / "c"
    assert SETTINGS["mirrors.cifar10"].variable == URL_VARIABLE


def documented() -> Mapping[str, list[str]]:
    text = (REPOSITORY / "docs/settings.md").read_text("utf-8")
    rows = [
        [cell.strip() for cell in line.strip("| ").split(" | ")] for line in text.splitlines() if line.startswith("| `")
    ]
    return {row[0].strip("`"): row for row in rows if len(row) == 6}


def test_the_table_in_the_docs_is_that_of_the_code() -> None:
    table = documented()
    assert list(table) == list(SETTINGS)
    for name, spec in SETTINGS.items():
        _, decides, holds, variable, option, default = table[name]
        assert (decides, holds, default) == (spec.help, spec.holds, spec.default)
        assert variable.startswith(f"`{spec.variable}`")
        assert option == (spec.option or "no")


def test_no_variable_of_ours_is_looked_at_elsewhere() -> None:
    """`core/base/settings.py` is the one place that reads them."""
    known = {spec.variable for spec in SETTINGS.values()} | {CONFIG, *settings.INTERNAL}
    for folder in ("core", "ui", "pages"):
        for path in (REPOSITORY / folder).rglob("*.py"):
            text = path.read_text("utf-8")
            assert set(re.findall(r"FORMAT_MATTERS_[A-Z0-9_]*[A-Z0-9]", text)) <= known, path
            assert not re.search(r"environ(ment)?(\.get\(|\[)\s*[\"']FORMAT_MATTERS_", text), path
