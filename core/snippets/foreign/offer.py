"""All code for one file that was made elsewhere."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from itertools import islice
from pathlib import Path

from ...base.errors import FormatMattersError
from ...base.home import Home
from ...base.package import COMMAND
from ...base.units import counted
from ...inspect import ForeignStore, open_foreign
from ...inspect.kinds import KINDS
from ...remote.address import is_address, last_name, shown
from ..ours import two_lines
from ..payloads import NoCode
from ..script import dataset_script, quoted, said
from ..snippet import DATASET, HUGGINGFACE, LIGHTNING, WEBDATASET, Snippet
from .candidates import ProgramCandidate, candidates
from .facts import FileFacts, facts_of_file
from .libraries import others
from .trial import first_right

MOST_TRIED = 200
"""Programs for one file."""

OPENING = """\
def open_file(transform=None):
    return {name}({path}, transform)
"""


def of_file(given: str, split: str | None, schema: str | None, home: Home) -> list[Snippet]:
    """See `core.snippets.offer.code_for`."""
    if is_address(given):
        ours = two_lines(given, split, schema)
        return [ours, *_none(_fetched_first(given))]
    path = Path(given)
    store = open_foreign(path, split, schema, home)
    try:
        ours = two_lines(path.absolute(), split, schema)
        try:
            facts, program = _right(store)
        except NoCode as error:
            return [ours, *_none(f"No code without this package: {error}")]
        except FormatMattersError as error:
            return [ours, *_none(f"No code, since not all of it can be read: {error}")]
        return [ours, program, *others(facts, program)]
    finally:
        store.close()


FETCHED = "import fsspec; fs, path = fsspec.url_to_fs({address}); fs.get(path, {name}, recursive=fs.isdir(path))"
"""A program of one line that copies what lies at an address."""


def _fetched_first(address: str) -> str:
    """Why there is no program for an address, and the commands after which there is one."""
    told = shown(address)
    name = last_name(told) or "fetched"
    fetch = f"python -c {shlex.quote(FETCHED.format(address=quoted(told), name=quoted(name)))}"
    return (
        "A program is run on the very file before it is handed out, so the file must be on this machine. "
        f"Fetch it: {fetch} and then: {COMMAND} code {shlex.quote(name)}"
    )


def _converted(path: Path) -> str:
    """What to do where no program is known."""
    return f"{COMMAND} convert {shlex.quote(str(path))} --to parquet makes a store of its images, which has programs"


def _none(why: str) -> list[Snippet]:
    return [Snippet(name, "", note=f"{why}.") for name in (DATASET, HUGGINGFACE, WEBDATASET, LIGHTNING)]


def _right(store: ForeignStore) -> tuple[FileFacts, Snippet]:
    """The first program that gives what the Inspector sees. Raises NoCode where none does."""
    if len(store) != store.about["entries"]:
        raise NoCode("it is asked for a part of the file; leave the split out")
    facts = facts_of_file(store)
    try:
        made = [_program(one, facts) for one in islice(candidates(facts), MOST_TRIED)]
    except NoCode as error:
        raise NoCode(f"{error}; {_converted(store.path)}") from None
    title = KINDS[facts.kind].title
    if not made:
        raise NoCode(f"none is known for {title} read as {facts.schema}; {_converted(store.path)}")
    number, why, labels = first_right([text for text, _ in made], facts)
    if number < 0:
        raise NoCode(
            f"what is usual for {title} does not give what the Inspector sees ({why}); {_converted(store.path)}"
        )
    text, needs = made[number]
    tried = (
        f"Run on this file: {counted(len(facts.indices), 'sample')} gave the pixels that the Inspector sees, and "
        f"{counted(max(labels, len(facts.indices)), 'sample')} the labels."
    )
    guess = " That it is read rightly is a guess, which the Inspector says." if "guess" in facts.why else ""
    return facts, Snippet(DATASET, text, f"{_module(facts)}.py", needs, tried + guess)


def _program(candidate: ProgramCandidate, facts: FileFacts) -> tuple[str, tuple[str, ...]]:
    code, decoding = candidate.code, facts.decoding
    if decoding is not None:
        code = replace(
            code,
            imports=(*code.imports, *decoding.imports),
            constants=(*code.constants, *decoding.constants),
            functions=(*decoding.functions, *code.functions),
        )
    name = _class_name(facts)
    several = any(line.startswith("FILES = ") for line in code.constants)
    place = "" if several else f"PATH = Path({quoted(str(facts.path))})"
    opening = OPENING.format(name=name, path="FILES[0]" if several else "PATH")
    shape = f"3, {facts.shape[0]}, {facts.shape[1]}" if facts.shape else ""
    doc = f"{said(facts.path.name)}: {KINDS[facts.kind].title}, read as {said(facts.schema)}."
    return dataset_script(
        doc, name, code, place, "", shape=shape, label=candidate.label, counted=candidate.counted, opening=opening
    )  # fmt: skip


def _class_name(facts: FileFacts) -> str:
    words = re.findall(r"[A-Za-z0-9]+", facts.path.name.partition(".")[0])
    name = "".join(word[:1].upper() + word[1:] for word in words)
    taken = ("", "Path", "Dataset", "Image", "ImageOps", "Plain", "PlainData", "DataLoader")
    return name if name[:1].isalpha() and name not in taken and len(name) <= 30 else "Images"


def _module(facts: FileFacts) -> str:
    name = re.sub(r"\W+", "_", facts.path.name.partition(".")[0]).strip("_").lower()
    return f"read_{name}" if name else "read_file"
