"""Code that reads a store or a file without this package, as an engineer would write it by hand.

    snippet       what is handed out: a text with its name, what it needs, or the reason why there is none
    script        a program put together from parts: imports in order, constants, functions, one Dataset class
    payloads      from the bytes of a sample to pixels, by the rule of `core.images.pixels`, for what a store holds
    facts         what is known of a built store
    built/        the Dataset of each format of ours
    libraries     the same with Hugging Face datasets, webdataset and Lightning
    offer         all of it for one store or file

Every text is made for the case: no branch in it is for something that the store does not have. Tests execute each of
them and compare pixels and labels with the store's own (docs/snippets.md has the counts).
"""

from __future__ import annotations

from pathlib import Path

from ..base.home import Home
from .snippet import CHOICES, Snippet

__all__ = ["CHOICES", "Snippet", "code_for"]


def code_for(
    path: str | Path, split: str | None = None, schema: str | None = None, home: Home | None = None
) -> list[Snippet]:
    """See `offer.code_for`, which is imported here: the command line looks at the choices each time it starts."""
    from .offer import code_for as offered

    return offered(path, split, schema, home)
