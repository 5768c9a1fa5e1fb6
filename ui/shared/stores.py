"""What pages say about built stores: their names, their figures as a table, kept until a store comes or goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.base.files import stamp
from core.base.home import Home
from core.base.names import readable
from core.encodings import ENCODINGS
from core.formats import FORMATS
from core.measure.controlled import store_factors
from core.stores.store import MANIFEST, StoreInfo, list_stores
from ui.shared import state
from ui.shared.cached import cache_data
from ui.shared.theme import format_title

if TYPE_CHECKING:
    import pandas as pd

SIZES = {
    "payload_bytes": "Payload",
    "used_bytes": "Used",
    "allocated_bytes": "Allocated",
    "apparent_bytes": "Apparent",
}
"""The four sizes, told apart everywhere."""

SIZES_EXPLAINED = (
    "**Payload**: the samples' own bytes. **Used**: pages, chunks or files in use inside the container. "
    "**Allocated**: blocks it occupies on the disk. **Apparent**: what a file manager shows, reserved space included."
)


def stores(dataset: str | None = None) -> list[StoreInfo]:
    """The stores of a dataset, or all. Read anew only when one came, went or was rebuilt."""
    return _stores(str(state.home().root), dataset, _changed(state.home(), dataset))


def stores_stamp() -> tuple[tuple[int, int], ...]:
    """Another one as soon as a store of any dataset comes, goes or is rebuilt."""
    return _changed(state.home(), None)


def store_name(format: str, variant: str) -> str:
    """The name of a store, or of a storage method, everywhere: "lmdb/raw"."""
    return f"{format}/{variant}"


def store_label(store: StoreInfo) -> str:
    """The same of a built store."""
    return store_name(store.manifest.format, store.manifest.variant)


def store_factors_of(store: StoreInfo) -> Mapping[str, str]:
    """What a store may differ in from others, see `core.measure.controlled`."""
    return store_factors(store.manifest.format, store.manifest.variant)


def lossless(store: StoreInfo) -> bool:
    """Whether its pixels are those of the dataset."""
    told = store.manifest.encoding
    return bool(ENCODINGS.make(told["name"], told["options"]).lossless)


def totals(store: StoreInfo) -> dict[str, float]:
    """Samples, the four sizes, files and seconds, summed over the splits."""
    names = ("samples", *SIZES, "files", "seconds")
    return {name: sum(split[name] for split in store.manifest.splits.values()) for name in names}


def shards(store: StoreInfo) -> dict[str, list[Mapping[str, Any]]]:
    """What the manifest says of the shards of each split that has several, in the order of their samples."""
    return {split: told for split, told in store.manifest.shards.items() if len(told) > 1}


def table(found: list[StoreInfo]) -> pd.DataFrame:
    """One row per store: `store`, `format` (title), `path` (see `readable`), `built`, `shards` and the totals."""
    import pandas as pd

    rows: list[Mapping[str, Any]] = [
        {
            "store": store_label(store),
            "format": format_title(store.manifest.format),
            "path": readable(store.path),
            "built": store.manifest.built,
            "shards": sum(map(len, store.manifest.shards.values())) or len(store.manifest.splits),
            **totals(store),
        }
        for store in found
    ]
    return pd.DataFrame(rows)


@cache_data(max_entries=16, show_spinner=False)
def _stores(root: str, dataset: str | None, changed: tuple[tuple[int, int], ...]) -> list[StoreInfo]:
    """In the order of the table of formats. `changed` is part of the cache's key only."""
    order = list(FORMATS)
    found = list_stores(Home.find(root), dataset)
    return sorted(found, key=lambda store: (order.index(store.manifest.format), store.manifest.variant))


def _changed(home: Home, dataset: str | None) -> tuple[tuple[int, int], ...]:
    """When each manifest was last written: another tuple as soon as a store comes, goes or is rebuilt."""
    return tuple(stamp(path) for path in sorted(home.built.glob(f"{dataset or '*'}/*/*/{MANIFEST}")))
