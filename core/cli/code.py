"""`code PATH`: a program that reads a store or file without this package, on standard output."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

from ..base.errors import InputError
from ..base.events import Event, Message, Result
from ..base.files import write_whole
from ..base.home import Home
from ..snippets.snippet import CHOICES, DATASET
from .verb import Drawing, Verb


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("path", help="a store's folder, or any file or folder that `inspect` opens")
    parser.add_argument("--split", help="the split that it reads when it is not told another (a store's train)")
    parser.add_argument("--schema", metavar="S", help="read a file in this way and no other; as for `inspect`")
    parser.add_argument(
        "--as", dest="form", choices=tuple(CHOICES), default=DATASET,
        help="ours: two lines with this package; dataset: a PyTorch Dataset with nothing of ours; or for a library",
    )  # fmt: skip
    parser.add_argument("--to", metavar="FILE.py", help="write it there")


def _answer(given: Namespace) -> Iterator[Event]:
    from ..snippets import code_for

    snippets = {one.name: one for one in code_for(given.path, given.split, given.schema, Home.find(given.home))}
    chosen = snippets[given.form]
    if given.json:
        told = chosen.to_json() | {"install": chosen.install, "snippets": [one.to_json() for one in snippets.values()]}
        yield Result({"path": str(given.path), **told})
        return
    if not chosen.text:
        others = ", ".join(name for name, one in snippets.items() if one.text)
        raise InputError(f"{chosen.note} There is: {others} (--as)")
    if chosen.note:
        yield Message(chosen.note, "notice")
    if given.to:
        write_whole(Path(given.to), chosen.text.encode())
        yield Result({"file": given.to, **({"install": chosen.install} if chosen.needs else {})})
        return
    yield Result({"code": Drawing(chosen.text.rstrip("\n"))})


CODE = Verb("print a program that reads a store or file without this package", _arguments, _answer)
