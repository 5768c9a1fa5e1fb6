"""Import an uploaded archive, and clear the upload away however that ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.events import Event
from core.importing import Import


@dataclass
class ImportUpload:
    """Like `core.importing.Import`, from a file of which nothing is to stay."""

    source: str
    name: str
    limit: int | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    home: str | None = None

    def run(self) -> Iterator[Event]:
        """The import's events. The file `source` is gone afterwards."""
        try:
            yield from Import(self.source, self.name, self.limit, self.options, self.home).run()
        finally:
            Path(self.source).unlink(missing_ok=True)
