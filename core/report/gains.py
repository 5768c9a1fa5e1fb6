"""What compressions would bring that no store has yet, tried on a sample of the dataset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..base.errors import FormatMattersError
from ..base.home import Home
from ..building import compare_compressions
from .evidence import PossibleGain, StoreFacts

MOST_ENCODINGS = 2
"""Encodings, of the smallest stores, that are tried."""

WORTH = 0.97
"""A size after compression above this part of the one before is no gain."""


def possible_gains(home: Home, dataset: str, stores: Sequence[StoreFacts]) -> Iterator[PossibleGain]:
    """Of the encodings that are worth it; nothing where the images cannot be read any more."""
    for encoding in tried_encodings(stores):
        try:
            found = compare_compressions(home, dataset, encoding)
        except FormatMattersError:
            continue  # the stores can be told of without
        yield from (PossibleGain(encoding, gain.compression, gain.ratio) for gain in found)


def tried_encodings(stores: Sequence[StoreFacts]) -> list[str]:
    """The encodings of the smallest uncompressed stores."""
    bare = sorted((store for store in stores if store.compression == "none" and not store.options), key=_each)
    return list(dict.fromkeys(store.encoding for store in bare))[:MOST_ENCODINGS]


def best_gain(gains: Sequence[PossibleGain], stores: Sequence[StoreFacts], store: StoreFacts) -> PossibleGain | None:
    """The compression that would make most of `store` smaller and was not built in its format; None where none is."""
    if store.compression != "none" or store.options:
        return None
    built = {one.compression for one in stores if (one.format, one.encoding) == (store.format, store.encoding)}
    found = [gain for gain in gains if gain.encoding == store.encoding and gain.compression not in built]
    return min((gain for gain in found if gain.ratio < WORTH), key=lambda gain: gain.ratio, default=None)


def _each(store: StoreFacts) -> float:
    return store.each
