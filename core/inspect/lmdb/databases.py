"""Which of an LMDB's databases is looked at: the wanted one, or the one with the most images."""

from __future__ import annotations

from collections.abc import Callable

from ...base.errors import InputError
from ..records import UNREADABLE, File, Records
from .file import LmdbFile, LmdbView
from .labels import SIBLINGS

SUB = "sub:"
MOST_TRIED = 32

Understand = Callable[[File, str | None], tuple[str, Records]]


def choose(file: LmdbFile, wanted: str | None, understand: Understand) -> tuple[str, Records]:
    """(name, records) of one database; `wanted` is "sub:NAME", "SCHEMA@NAME", a schema's name, or None.

    An empty NAME is the main database. Raises InputError where there is none of that name, or it is not understood.
    """
    if wanted is not None and (wanted.startswith(SUB) or "@" in wanted):
        schema, _, name = wanted.partition("@") if not wanted.startswith(SUB) else ("", "", wanted[len(SUB) :])
        found, records = understand(_view(file, name), schema or None)
        records.why = _said(file, name, found, records.why)
        return wanted, records
    return _most_like_images(file, wanted, understand)


def _view(file: LmdbFile, name: str) -> LmdbView:
    if not name:
        return file
    if name not in file.databases:
        names = ", ".join(file.databases) or "it has the main one alone"
        raise InputError(f"there is no database {name!r} in this file; its databases: {names}")
    return file.databases[name]


def _most_like_images(file: LmdbFile, wanted: str | None, understand: Understand) -> tuple[str, Records]:
    """The database whose sampled values are images; of several, one that is not named like labels, the largest."""
    names = ["", *list(file.databases)[:MOST_TRIED]]
    name = max(
        names, key=lambda one: (_images(_view(file, one)), one.lower() not in SIBLINGS, _entries(file, one), one != "")
    )
    found, records = understand(_view(file, name), wanted)
    records.why = _said(file, name, found, records.why)
    others = [other for other in file.databases if other != name]
    if others:
        shown = ", ".join(others[:8]) + (", ..." if len(others) > 8 else "")
        records.warnings.append(f"the file has {len(others):,} more databases ({shown}); choose one as sub:NAME")
    return (found if not name else f"{SUB}{name}") if wanted is None else wanted, records


def _images(view: LmdbView) -> float:
    """Which share of the sampled values are images, in quarters."""
    try:
        images = [bool(content.is_image) for _, content in view.contents]
    except UNREADABLE:
        return 0.0
    return round(4 * sum(images) / len(images)) / 4 if images else 0.0


def _entries(file: LmdbFile, name: str) -> int:
    view = _view(file, name)
    return len(view) - len(view.tree_positions)


def _said(file: LmdbFile, name: str, schema: str, why: str) -> str:
    database = f"database {name!r} of {len(file.databases)}" if name else "the main database"
    return f"{database}, read as {schema}: {why}"
