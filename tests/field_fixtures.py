"""A dataset whose samples have further values, made of a source in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from core.base.contracts import FieldValue, Skipped
from core.base.events import Event, Result
from core.base.home import Home
from core.base.source_contracts import FoundImage, Recognition
from core.datasets.dataset import Dataset
from core.importing import task as importing
from core.importing.task import Import
from tests.image_fixtures import encoded, picture


def ended(task: Any) -> dict[str, Any]:
    return dict([event for event in task.run() if isinstance(event, Result)][-1].data)


class Labelled:
    """A source whose samples have further values."""

    recognition = Recognition("made here")
    classes: Sequence[str] = ["only"]

    def __init__(self, values: Sequence[Mapping[str, FieldValue]]) -> None:
        self._values = values

    @property
    def counts(self) -> Mapping[str, int]:
        return {"train": len(self._values)}

    def prepare(self) -> Iterator[Event]:
        yield from ()

    def images(self) -> Iterator[FoundImage | Skipped]:
        for number, values in enumerate(self._values):
            yield FoundImage("train", "only", f"{number}.png", encoded(picture(number), "PNG"), f"#{number}", values)

    def close(self) -> None:
        """Nothing is open."""


def labelled(home: Home, monkeypatch: pytest.MonkeyPatch, values: Sequence[Mapping[str, FieldValue]]) -> Dataset:
    monkeypatch.setattr(importing, "open_source", lambda *_: Labelled(values))
    ended(Import("shapes", "labelled", home=str(home.root)))
    return Dataset.open(home, "labelled")
