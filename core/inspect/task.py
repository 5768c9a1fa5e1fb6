"""The verbs `inspect` and `scan` as tasks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..base.errors import InputError
from ..base.events import Event, Progress, Result


@dataclass(frozen=True)
class Inspect:
    """What a file is, how it is understood, and one of its records.

    `index` may be negative (from the end); `image` is where that record's pixels are written as PNG; `range`
    ("dataset", "as-is" or "LOW:HIGH") and `bands` ("4,3,2", counted from 1) say how they are drawn.
    """

    path: str
    index: int | None = None
    key: str | None = None
    schema: str | None = None
    image: str | None = None
    range: str | None = None
    bands: str | None = None

    def run(self) -> Iterator[Event]:
        from .display import Choice
        from .files import inspect_file

        try:
            choice = Choice.parsed(self.range, self.bands)
        except ValueError as error:
            raise InputError(str(error)) from None
        yield Result(
            inspect_file(self.path, index=self.index, key=self.key, schema=self.schema, image=self.image, choice=choice)
        )


@dataclass(frozen=True)
class Scan:
    """Decode every record of a file; the bad ones are listed by key and reason, the first `most` of them."""

    path: str
    schema: str | None = None
    most: int = 10_000

    def run(self) -> Iterator[Event]:
        from .scan import scan_file

        if self.most < 1:
            raise InputError("at least one bad record must be listed")
        total = done = decoded = 0
        bad: list[dict[str, str]] = []
        for total, well, wrong in scan_file(self.path, self.schema):
            decoded += well
            done += well + len(wrong)
            bad += wrong[: self.most - len(bad)]
            yield Progress("scan", min(done, total), total, "records")
        yield Result({"entries": total, "decoded": decoded, "bad": bad})
