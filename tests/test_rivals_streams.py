"""Rivals with containers and loaders of their own: what they say of themselves, and what of them needs no library."""

from __future__ import annotations

import importlib.util
from io import BytesIO

import numpy as np
import pytest

from core.rivals import RIVALS
from core.rivals.environments import environments
from core.rivals.registration import ENCODINGS, TRANSFORMS
from core.rivals.webdataset.loader import LARGEST_SHARD, npy_file, shard_length

STREAMS = {
    "webdataset": "tar",
    "webdataset-documented": "tar",
    "streaming": "mds",
    "litdata": "litdata",
    "litdata-windows": "litdata",
    "grain": "arrayrecord",
    "grain-threads": "arrayrecord",
    "tfdata": "tfrecord",
}
"""Their containers."""


@pytest.mark.parametrize(("name", "container"), STREAMS.items())
def test_a_rival_does_the_whole_work_from_a_container_of_its_own(name: str, container: str) -> None:
    rival = RIVALS[name]
    assert rival.container == container
    assert set(rival.encodings) == set(ENCODINGS)
    assert set(rival.transforms) == set(TRANSFORMS)
    assert not rival.reencodes
    assert importlib.util.find_spec(rival.where.partition(":")[0].replace(".rivals", "core.rivals", 1)) is not None
    assert any(
        rival.distribution == word.partition("==")[0]
        for step in environments()[rival.environment].steps
        for word in step
    )


def test_variants_differ_in_their_settings_alone() -> None:
    for one, other in [
        ("webdataset", "webdataset-documented"),
        ("litdata", "litdata-windows"),
        ("grain", "grain-threads"),
    ]:
        assert RIVALS[one].where == RIVALS[other].where
        assert RIVALS[one].settings != RIVALS[other].settings


@pytest.mark.parametrize(("samples", "length"), [(1, 1), (64, 1), (65, 2), (50_000, 782), (1_300_000, LARGEST_SHARD)])
def test_shards_are_many_enough_for_workers_and_none_is_huge(samples: int, length: int) -> None:
    assert shard_length(samples) == length


def test_bare_pixels_travel_as_npy_where_the_library_decodes() -> None:
    pixels = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
    assert (np.load(BytesIO(npy_file(pixels.tobytes(), (4, 5)))) == pixels).all()
