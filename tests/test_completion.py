"""Completion: what a real shell offers at TAB, and what is printed for each shell."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.__main__ import main
from core.base.home import REPOSITORY, Home
from core.cli import completion

ASK = r"""
eval "$1"
shift
for line in "$@"; do
    COMP_LINE=$line COMP_POINT=${#line} COMP_TYPE=9 COMPREPLY=()
    read -ra COMP_WORDS <<< "$line"
    [[ $line == *" " ]] && COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _python_argcomplete format-matters "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
    echo "$line|${COMPREPLY[*]}"
done
complete -p format-matters
"""


@pytest.fixture
def script(capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["completion", "bash"]) == 0
    return capsys.readouterr().out


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_bash_completes_verbs_options_and_names(script: str, home: Home, tmp_path: Path) -> None:
    """What the user's shell evaluates, in a folder of his, without anything installed."""
    (home.built / "shapes" / "lmdb" / "png").mkdir(parents=True)
    asked = {
        "format-matters import sha": {"shapes"},
        "format-matters buil": {"build"},
        "format-matters build ": {"shapes"},
        "format-matters build shapes --format l": {"lmdb"},
        "format-matters build shapes --enc": {"--encoding"},
        "format-matters verify ": {"home/data/built/shapes/lmdb/png"},
        "format-matters experiment loader --loaders fast,na": {"fast,naive"},
        "format-matters runs comp": {"compare"},
    }
    done = subprocess.run(
        ["bash", "--norc", "-c", ASK, "bash", script, *asked],
        cwd=tmp_path, env={**os.environ, "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    *answers, registered = done.stdout.splitlines()
    assert "-F _python_argcomplete format-matters" in registered
    assert [line.partition("|")[0] for line in answers] == list(asked)
    for line, expected in zip(answers, asked.values(), strict=True):
        offered = set(line.partition("|")[2].replace("\013", " ").split())
        assert expected <= offered, line
        assert len(offered) < 8, line


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_read_what_is_printed_for_them(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    printed = capsys.readouterr().out
    assert "format-matters" in printed
    if shutil.which(shell):
        start = "autoload -U compinit && compinit -u -D; " if shell == "zsh" else ""
        arguments = ["-f", "-c"] if shell == "zsh" else ["--no-config", "-c"]
        ask = 'print -r -- "${_comps[format-matters]}"' if shell == "zsh" else "complete -C 'format-matters ver'"
        done = subprocess.run(
            [shell, *arguments, f"{start}{printed}\n{ask}"], capture_output=True, text=True, check=True
        )
        assert done.stdout.split()[0] == ("_python_argcomplete" if shell == "zsh" else "verify"), done.stderr


def test_installed_there_is_a_command_already(monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(REPOSITORY) in completion._command("bash")
    assert sys.executable in completion._command("fish")
    monkeypatch.setattr(completion, "INSTALLED", True)
    assert completion._command("bash") == ""


def test_another_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "powershell"]) == 2
    assert "choose from" in capsys.readouterr().err
