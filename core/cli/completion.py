"""Completion in a shell: `completion SHELL` prints what the shell needs, and the shell asks this program at each TAB.

argcomplete does both: it reads the very parser that the command line is parsed with, so that no list of verbs and
options is kept beside it. What may follow an option is told here, from names that are listed without opening anything.
"""

from __future__ import annotations

import os
import shlex
import sys
from argparse import Action, ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from ..base.errors import InputError
from ..base.events import Event, Result
from ..base.files import entries
from ..base.home import REPOSITORY, Home
from ..base.package import INSTALLED, ROOT
from .verb import Drawing, Verb

ASKED = "_ARGCOMPLETE"
"""Set by the shell where it asks for completions."""

NAME = "format-matters"
SHELLS = ("bash", "zsh", "fish")

Names = Callable[[Namespace], Iterable[str]]


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))


def _answer(given: Namespace) -> Iterator[Event]:
    try:
        from argcomplete.shell_integration import shellcode
    except ImportError:
        raise InputError("completion needs argcomplete: pip install argcomplete") from None
    yield Result({"completion": Drawing(_command(given.shell) + shellcode([NAME], shell=given.shell))})


def _command(shell: str) -> str:
    """In a clone, where no such command is installed, a function of its name."""
    if INSTALLED:
        return ""
    call = f"PYTHONPATH={shlex.quote(str(REPOSITORY))} {shlex.quote(sys.executable)} -P -m {ROOT}"
    if shell == "fish":
        return f"function {NAME}\n    env {call} $argv\nend\n"
    return f'{NAME}() {{ {call} "$@"; }}\n'


def complete(parser: ArgumentParser) -> None:
    """Answer the shell's question and end this process."""
    import argcomplete

    for verb, action in _actions(parser):
        names = _NAMES.get(f"{verb} {action.dest}") or _NAMES.get(action.dest)
        if names is not None and not action.choices:
            action.completer = _completer(names)  # type: ignore[attr-defined]
    argcomplete.autocomplete(parser, always_complete_options=False)


def _actions(parser: ArgumentParser, verb: str = "") -> Iterator[tuple[str, Action]]:
    """All that a parser and those of its verbs take, each with the name of its verb ("import", "list" of `runs`)."""
    for action in parser._actions:
        yield verb, action
        if isinstance(action, _SubParsersAction):
            for name, inner in action.choices.items():
                yield from _actions(inner, name)


def _completer(names: Names) -> Callable[..., list[str]]:
    """As argcomplete calls it. Of "a,b," the part after the last comma is completed."""

    def completed(prefix: str, parsed_args: Namespace, **_: object) -> list[str]:
        before = prefix.rpartition(",")[0]
        try:
            return [f"{before},{name}" if before else name for name in names(parsed_args)]
        except (InputError, OSError):
            return []

    return completed


def _home(given: Namespace) -> Home:
    return Home.find(getattr(given, "home", None))


def _datasets(given: Namespace) -> list[str]:
    return [path.name for path in entries(_home(given).raw) if path.is_dir()]


def _stores(given: Namespace) -> list[str]:
    """The folders of built stores, from here where they lie below here."""
    found = [store for dataset in entries(_home(given).built) for form in entries(dataset) for store in entries(form)]
    here = Path.cwd()
    return [str(path.relative_to(here)) if path.is_relative_to(here) else str(path) for path in found]


def _stores_and_files(given: Namespace) -> list[str]:
    return [*_stores(given), *_files()]


def _formats(_: Namespace) -> Iterable[str]:
    from ..formats import FORMATS

    return FORMATS


def _encodings(_: Namespace) -> Iterable[str]:
    from ..encodings import ENCODINGS

    return ENCODINGS


def _compressions(_: Namespace) -> Iterable[str]:
    from ..compressions import COMPRESSIONS

    return COMPRESSIONS


def _loaders(_: Namespace) -> Iterable[str]:
    from ..loading.loaders import LOADERS
    from ..rivals import RIVALS

    return dict.fromkeys([*LOADERS, *RIVALS])


def _sources(_: Namespace) -> list[str]:
    """Datasets by name, and whatever lies here."""
    from ..sources import SOURCES

    return [*SOURCES, *_files()]


def _files() -> list[str]:
    from argcomplete.completers import FilesCompleter

    found: list[str] = FilesCompleter()(os.environ.get("COMP_LINE", "").rpartition(" ")[2])
    return found


def _one_of(*names: str) -> Names:
    return lambda _: names


_NAMES: Mapping[str, Names] = {
    "format": _formats,
    "formats": _formats,
    "convert to": _formats,
    "encoding": _encodings,
    "compression": _compressions,
    "dataset": _datasets,
    "datasets check": _datasets,
    "import check": _one_of("full", "header"),
    "import source": _sources,
    "store": _stores_and_files,
    "stores": _stores_and_files,
    "loader": _loaders,
    "loaders": _loaders,
    "engine": _one_of("local", "ray"),
    "device": _one_of("cpu", "cuda", "mps"),
    "output": _one_of("float32", "float16", "bfloat16", "uint8"),
    "transform": _one_of("none", "train224", "eval224"),
    "verify": _one_of("sampled", "always", "never"),
    "order": _one_of("shuffled", "blocks", "shards"),
    "cache": _one_of("warm", "cold"),
    "show images": _one_of("auto", "blocks", "kitty", "sixel", "none"),
    "import copy": _one_of("auto", "reflink", "hardlink", "copy"),
}
"""By the argument's name, with its verb before it where others mean something else by it: what may follow it. Whatever
is not here is completed as a file."""

COMPLETION = Verb("print what a shell needs to complete the words of a command", _arguments, _answer)
