"""Code for files that were made elsewhere."""

from __future__ import annotations

from pathlib import Path

from ..base.home import Home
from .snippet import CHOICES, OURS, Snippet


def of_file(path: Path, split: str | None, schema: str | None, home: Home) -> list[Snippet]:
    """See `offer.code_for`."""
    from ..inspect import open_foreign
    from .ours import two_lines

    open_foreign(path, split, schema, home).close()
    ours = two_lines(path.absolute(), split, schema)
    return [
        ours,
        *(
            Snippet(name, "", note="None is known for files that were not built here.")
            for name in CHOICES
            if name != OURS
        ),
    ]
