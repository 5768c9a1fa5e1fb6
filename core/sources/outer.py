"""Sources that bring another source its files: an archive unpacks them, an address is listed or fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..base.source_contracts import Previewable, Source
from .image_folder import ImageFolder

INSPECTED = "inspected"


@dataclass
class OuterSource(ImageFolder):
    """What is the same in all of them: the inner source's answers, and its options, which are among a folder's."""

    _inner: Source | None = field(default=None, init=False, repr=False)

    @property
    def inner(self) -> Source:
        assert self._inner is not None, "prepare() comes first"
        return self._inner

    @property
    def classes(self) -> Sequence[str]:
        return self.inner.classes

    @property
    def counts(self) -> Mapping[str, int]:
        return self.inner.counts

    def cells(self) -> Mapping[tuple[str, str], int]:
        """Those of the inner source, where it tells them."""
        return self.inner.cells() if isinstance(self.inner, Previewable) else {}

    def total_bytes(self) -> int | None:
        """Those of the inner source, where it tells them."""
        return self.inner.total_bytes() if isinstance(self.inner, Previewable) else None

    def close(self) -> None:
        if self._inner is not None:
            self._inner.close()

    def _options_of(self, name: str) -> dict[str, Any]:
        """The options of the source `name` that were given here."""
        from . import SOURCES

        options = {key: getattr(self, key) for key in SOURCES.options(name) if hasattr(self, key)}
        if name == INSPECTED:  # "labels" is another choice there
            options = {key: value for key, value in options.items() if value is not None and key != "labels"}
        return options
