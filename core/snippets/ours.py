"""The same with this package."""

from __future__ import annotations

from pathlib import Path

from ..base.package import ROOT
from .snippet import OURS, Snippet


def two_lines(path: Path | str, split: str | None, schema: str | None) -> Snippet:
    """Two lines that open it, as `open_store` was given it, and what can be done then."""
    arguments = [repr(str(path))]
    arguments += [f"split={split!r}"] if split is not None else []
    arguments += [f"schema={schema!r}"] if schema is not None else []
    text = (
        f"from {ROOT} import open_store\n"
        f"store = open_store({', '.join(arguments)})\n\n"
        "pixels, label = store[0]  # uint8 (height, width, 3), int\n"
        "for images, labels in store.loader(batch_size=256, shuffle=True):  # tensors, normalised\n"
        "    break\n"
    )
    note = "" if ROOT != "core" else "Runs from the project's folder; installed, the package is called format_matters."
    return Snippet(OURS, text, "ours.py", (), note)
