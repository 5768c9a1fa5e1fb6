"""All code for one store or file."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from ..base.home import Home
from ..formats import FORMATS
from ..stores.manifest import MANIFEST
from .built import dataset_code
from .facts import CodeFacts, facts_of
from .libraries import huggingface, lightning, webdataset
from .ours import two_lines
from .payloads import NoCode
from .script import dataset_script, quoted, said
from .snippet import DATASET, HUGGINGFACE, LIGHTNING, WEBDATASET, DatasetCode, Snippet


def code_for(
    path: str | Path, split: str | None = None, schema: str | None = None, home: Home | None = None
) -> list[Snippet]:
    """The snippets for a built store, or for any file or folder that `inspect` understands, in the order of `CHOICES`.

    One that cannot be right has no text, and a note that says why. Raises InputError where there is nothing that can be
    opened.
    """
    place = Path(path)
    if (place / MANIFEST).exists():
        return _of_store(place.absolute(), split)
    from .foreign import of_file

    return of_file(str(path), split, schema, home or Home.find())


def _of_store(path: Path, split: str | None) -> list[Snippet]:
    ours = two_lines(path, split or "train", None)
    try:
        facts = facts_of(path, split)
        code = dataset_code(facts)
    except NoCode as error:
        why = f"No code without this package: {error}."
        return [ours, *(Snippet(name, "", note=why) for name in (DATASET, HUGGINGFACE, WEBDATASET, LIGHTNING))]
    dataset = store_script(facts, code)
    module = module_name(facts)
    others = [make(facts, module) for make in (huggingface, webdataset, lightning)]
    return [two_lines(path, facts.split, None), dataset, *others]


def store_script(facts: CodeFacts, code: DatasetCode) -> Snippet:
    """The self-contained Dataset of a store."""
    decoding = facts.decoding
    decodes = "decode(" in code.get + code.methods
    code = replace(
        code,
        imports=(*code.imports, *(decoding.imports if decodes else ())),
        constants=(*code.constants, *(decoding.constants if decodes else ())),
        functions=(*(decoding.functions if decodes else ()), *code.functions),
    )
    doc = f"{said(facts.dataset)} in {FORMATS[facts.format].noun}: {decoding.about}."
    if facts.fields:
        doc += f" Samples have more than is read here: {said(', '.join(facts.fields))}."
    shape = f"3, {facts.shape[0]}, {facts.shape[1]}" if facts.shape else ""
    location = f"STORE = Path({quoted(str(facts.path))})"
    text, needs = dataset_script(
        doc, facts.class_name, code, location, facts.split, sharded=facts.sharded, shape=shape
    )  # fmt: skip
    return Snippet(DATASET, text, f"{module_name(facts)}.py", needs, note=_note(facts))


def module_name(facts: CodeFacts) -> str:
    return re.sub(r"\W+", "_", f"{facts.dataset}_{facts.format}").strip("_").lower() or "images"


def _note(facts: CodeFacts) -> str:
    look = facts.look
    if look is not None and not look.every:
        return f"{look.count:,} of its images were looked at to write it, and all of their kinds are provided for."
    return ""
