"""How a file is understood: by the first schema of its kind that recognises it, or by one that is asked for.

Each schema is one class, named in the registry of its kind (`KIND` in the kind's folder); its module is imported when a
file of this kind is looked at, and not before.
"""

from __future__ import annotations

from typing import Any, cast

from ...base.errors import InputError
from ..kinds import KINDS
from ..records import UNREADABLE, File, Records, SeveralInOne
from .names import SUB, names_a_part, split_choice


def check_name(kind: str, schema: str) -> None:
    """Raises InputError for a name of no schema; "sub:NAME" and "SCHEMA@NAME" choose a database, "" being the main."""
    schemas = KINDS[kind].schemas
    if KINDS[kind].several_in_one and names_a_part(schema) and split_choice(schema)[0] in ("", *schemas):
        return
    schemas[schema]


def choices(file: File) -> list[str]:
    """The names that may be asked for: the schemas of its kind, and the databases of a file that is several."""
    databases = file.databases if isinstance(file, SeveralInOne) else ()
    return [*KINDS[file.kind].schemas, *(f"{SUB}{name}" for name in databases)]


def understand(file: File, wanted: str | None = None) -> tuple[str, Records]:
    """The first schema that recognises the file, or the wanted one, and the file's records.

    Raises:
        InputError: none does, or the wanted one does not.
    """
    if not isinstance(file, SeveralInOne) or not (file.databases or (wanted is not None and names_a_part(wanted))):
        return _understand_one(file, wanted)
    part = file.part(wanted)
    schema, records = _understand_one(part.view, part.schema)
    records.why = f"{part.said}, read as {schema}: {records.why}"
    records.warnings += part.warnings
    return wanted or (f"{SUB}{part.name}" if part.name else schema), records


def _understand_one(file: File, wanted: str | None) -> tuple[str, Records]:
    """`understand` for a file that is not several databases in one."""
    table = KINDS[file.kind].schemas
    if wanted is not None:
        return wanted, _as_wanted(file, wanted)
    doubts: dict[str, str] = {}
    for name in table:
        try:
            records = _recognise(file, name)
        except UNREADABLE as error:
            doubts[name] = " ".join(str(error).split())[:400]
            continue
        if records is not None:
            records.warnings += [f"it is not read as {other}: {reason}" for other, reason in doubts.items()]
            return name, records
    if doubts:
        raise InputError(f"{getattr(file, 'path', 'it')} is damaged: {next(iter(doubts.values()))}")
    titles = "; ".join(f"{name}: {schema.title}" for name, schema in table.items())
    raise InputError(f"nothing in it is known here. A {file.kind} is read as one of these: {titles}")


def _as_wanted(file: File, name: str) -> Records:
    try:
        records = _recognise(file, name)
    except ValueError as error:
        raise InputError(f"this file cannot be read as {name!r}: {error}") from None
    if records is None:
        raise InputError(f"this file cannot be read as {name!r} ({KINDS[file.kind].schemas[name].title})")
    return records


def _recognise(file: File, name: str) -> Records | None:
    return cast("Records | None", cast("type[Any]", KINDS[file.kind].schemas.load(name)).recognise(file))
