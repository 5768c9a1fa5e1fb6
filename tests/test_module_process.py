"""Processes that run a module of ours: found from anywhere and under any name, ended, and named when they died."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import core.base.home
from core.processes.module_process import (
    cause_of_death,
    end,
    exit_status,
    module_environment,
    signal_name,
    start_module,
)

HARMLESS = ".base.package"
"""A module that ends at once when it is run."""


@pytest.fixture
def impostor(tmp_path: Path) -> Path:
    """A folder in which another package has our name."""
    (tmp_path / "core" / "base").mkdir(parents=True)
    for folder in ("core", "core/base"):
        (tmp_path / folder / "__init__.py").write_text("raise SystemExit(7)")
    return tmp_path


def test_a_package_of_our_name_in_the_current_folder_is_not_ours(impostor: Path) -> None:
    theirs = subprocess.run([sys.executable, "-m", f"core{HARMLESS}"], cwd=impostor, check=False)
    assert theirs.returncode == 7
    assert start_module(HARMLESS, cwd=impostor).wait(60) == 0


def test_it_is_found_under_the_name_it_was_imported_by(impostor: Path) -> None:
    installed = impostor / "site"
    installed.mkdir()
    (installed / "format_matters").symlink_to(Path(core.__file__).parent)
    script = (
        "from format_matters.processes.module_process import module_command, start_module\n"
        f"print(module_command({HARMLESS!r})[-1], start_module({HARMLESS!r}).wait(60))"
    )
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    told = subprocess.run(
        [sys.executable, "-P", "-c", script], cwd=impostor, env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["format_matters.base.package", "0"]


def test_a_child_searches_where_its_parent_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", "/somewhere"])
    told = module_environment({"ASKED": "for"})
    assert told["PYTHONPATH"].split(os.pathsep) == [str(tmp_path), "/somewhere", str(core.base.home.REPOSITORY)]
    assert told["ASKED"] == "for"
    assert "PATH" in told


def test_what_does_not_end_is_killed() -> None:
    sleeping = subprocess.Popen(["sleep", "60"], stdin=subprocess.PIPE)
    assert exit_status(sleeping, 0.0) is None
    end(sleeping, 0.01)
    end(sleeping)
    assert sleeping.returncode == -signal.SIGKILL
    assert sleeping.stdin is not None
    assert sleeping.stdin.closed


def test_how_it_ended_is_told_in_words() -> None:
    assert [cause_of_death(status) for status in (-9, -63, 0, 3, None)] == [
        "SIGKILL",
        "signal 63",
        "exit status 0",
        "exit status 3",
        "exit status None",
    ]
    assert signal_name(signal.SIGSEGV) == "SIGSEGV"
