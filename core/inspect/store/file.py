"""A store built here, all its splits one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from ...base.errors import InputError
from ...stores.store import Manifest, Store
from ..display import Choice


class StoreFile:
    """The folder of a built store, as its manifest describes it."""

    kind: ClassVar[str] = "store"

    def __init__(self, path: Path) -> None:
        self.choice = Choice()
        self.path = path
        self.manifest = Manifest.load(path)
        self.splits = [Store(path, split, self.manifest) for split in self.manifest.splits]
        for store in self.splits:
            missing = [container for container in store.containers if not container.exists()]
            if missing:
                raise InputError(f"{path} is damaged: {missing[0].name} is missing; build the store again")

    def structure(self) -> Mapping[str, Any]:
        """What the manifest says: dataset, format, variant, how it was built, and the sizes of each split."""
        manifest = self.manifest
        return {
            "dataset": manifest.dataset,
            "format": manifest.format,
            "variant": manifest.variant,
            "encoding": dict(manifest.encoding),
            "compression": dict(manifest.compression),
            "format_options": dict(manifest.format_options),
            "splits": {name: dict(numbers) for name, numbers in manifest.splits.items()},
            "built": manifest.built,
        }

    def warnings(self) -> list[str]:
        return []

    def close(self) -> None:
        for store in self.splits:
            store.close()
