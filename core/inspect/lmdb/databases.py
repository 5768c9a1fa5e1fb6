"""Which of an LMDB's databases is looked at: the wanted one, or the one with the most images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...base.errors import InputError
from ..records import UNREADABLE, FilePart
from ..schemas.names import names_a_part, split_choice
from .labels import SIBLINGS

if TYPE_CHECKING:
    from .file import LmdbFile, LmdbView

MOST_TRIED = 32


def part_of(file: LmdbFile, wanted: str | None) -> FilePart:
    """One database; `wanted` is "sub:NAME", "SCHEMA@NAME", a schema's name, or None. An empty NAME is the main one.

    Raises InputError where there is none of that name.
    """
    if wanted is None or not names_a_part(wanted):
        return _most_like_images(file, wanted)
    schema, name = split_choice(wanted)
    return FilePart(name or "", _view(file, name or ""), schema or None, _said(file, name or ""))


def _view(file: LmdbFile, name: str) -> LmdbView:
    if not name:
        return file
    if name not in file.databases:
        names = ", ".join(file.databases) or "it has the main one alone"
        raise InputError(f"there is no database {name!r} in this file; its databases: {names}")
    return file.databases[name]


def _most_like_images(file: LmdbFile, schema: str | None) -> FilePart:
    """The database whose sampled values are images; of several, one that is not named like labels, the largest."""
    names = ["", *list(file.databases)[:MOST_TRIED]]
    name = max(
        names, key=lambda one: (_images(_view(file, one)), one.lower() not in SIBLINGS, _entries(file, one), one != "")
    )
    others = [other for other in file.databases if other != name]
    shown = ", ".join(others[:8]) + (", ..." if len(others) > 8 else "")
    more = f"the file has {len(others):,} more databases ({shown}); choose one as sub:NAME"
    return FilePart(name, _view(file, name), schema, _said(file, name), (more,) if others else ())


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


def _said(file: LmdbFile, name: str) -> str:
    return f"database {name!r} of {len(file.databases)}" if name else "the main database"
