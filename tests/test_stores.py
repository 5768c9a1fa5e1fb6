"""Every format x encoding x compression: what was imported comes back, through us and through plain libraries."""

from __future__ import annotations

import io
import json
import multiprocessing
import pickle
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks.plain import plainly_decompressed, read_plainly
from core import open_store
from core.base.contracts import Pixels
from core.base.errors import InputError
from core.base.events import finish
from core.base.home import Home
from core.building import Build
from core.compressions import COMPRESSIONS
from core.datasets.dataset import Dataset
from core.encodings import ENCODINGS
from core.formats import FORMATS
from core.images.pixels import decode
from core.stores.store import Store, delete_store, list_damaged_stores, list_stores

KEEPING = [name for name, entry in FORMATS.items() if not entry.refers]
"""The formats that keep payloads of any kind."""

THOROUGH = ("disk", "lmdb", "hdf5")
"""Formats that are tried with every compression; of others one suffices: a format never looks into a payload."""

EVERY = [
    (format, encoding, compression)
    for format, encoding, compression in product(KEEPING, ENCODINGS, COMPRESSIONS)
    if format in THOROUGH or compression == "none" or (encoding, compression) == ("raw", "zstd-dict")
] + [(name, "original", "none") for name in FORMATS if name not in KEEPING]


def build(home: Home, format: str, encoding: str, compression: str = "none", **options: Any) -> dict[str, Any]:
    return finish(Build("shapes", format, encoding, compression, options, home=str(home.root)).run())


def truth(dataset: Dataset, split: str) -> list[tuple[Pixels, int]]:
    return [(decode(dataset.read(row)), row.label) for row in dataset.rows(split)]


@pytest.mark.parametrize(("format", "encoding", "compression"), EVERY, ids=["-".join(one) for one in EVERY])
def test_every_combination_gives_back_the_source(
    home: Home, dataset: Dataset, format: str, encoding: str, compression: str
) -> None:
    result = build(home, format, encoding, compression)
    assert result["verified"] is True
    assert list(result["splits"]) == ["train", "val"]
    for split in ("train", "val"):
        expected = truth(dataset, split)
        store = open_store(result["store"], split)
        assert isinstance(store, Store)
        assert len(store) == len(expected) == result["splits"][split]["samples"]
        assert store.classes == dataset.classes
        for index in (0, len(store) - 1, -1, -len(store)):
            pixels, label = store[index]
            assert (pixels.dtype, pixels.shape, label) == (np.uint8, (32, 32, 3), expected[index][1])
            if encoding != "jpeg":
                np.testing.assert_array_equal(pixels, expected[index][0])
        for outside in (len(store), -len(store) - 1):
            with pytest.raises(IndexError):
                store[outside]
        check_plainly(Path(result["store"]), split, format, encoding, compression, expected)
        store.close()


def check_plainly(
    store: Path, split: str, format: str, encoding: str, compression: str, expected: list[tuple[Pixels, int]]
) -> None:
    payloads, labels, dictionary = read_plainly(store, split, format)
    assert labels == [label for _, label in expected]
    for payload, (pixels, _) in zip(payloads, expected, strict=True):
        data = plainly_decompressed(payload, compression, dictionary)
        if encoding == "raw":
            assert data == pixels.tobytes()
        elif encoding == "jpeg":
            error = np.asarray(Image.open(io.BytesIO(data))).astype(float) - pixels
            assert np.sqrt((error**2).mean()) < 20
        else:
            np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")), pixels)


def test_the_same_payloads_have_the_same_checksum_in_every_format(home: Home) -> None:
    sums = {build(home, format, "png")["checksum"] for format in KEEPING}
    assert len(sums) == 1
    assert sums != {build(home, "lmdb", "raw")["checksum"]}


def test_four_sizes_are_told_apart(home: Home, dataset: Dataset) -> None:
    splits = {format: build(home, format, "original")["splits"]["train"] for format in KEEPING}
    payload = dataset.split_bytes()["train"]
    for told in splits.values():
        assert (
            told["payload_bytes"] == payload < told["used_bytes"] <= told["apparent_bytes"] <= told["allocated_bytes"]
        )
    assert splits["disk"]["files"] == 50 + 2
    assert splits["lmdb"]["files"] == splits["hdf5"]["files"] == 1
    files = [path for path in (home.built / "shapes/disk/original/train").rglob("*") if path.is_file()]
    assert splits["disk"]["apparent_bytes"] == sum(path.stat().st_size for path in files)
    assert splits["disk"]["allocated_bytes"] == sum(path.stat().st_blocks * 512 for path in files)


def test_a_store_opens_in_another_process_and_after_pickling(home: Home, dataset: Dataset) -> None:
    store = open_store(build(home, "lmdb", "png", "zstd-dict")["store"])
    first = store[3]
    again = pickle.loads(pickle.dumps(store))
    np.testing.assert_array_equal(again[3][0], first[0])
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        np.testing.assert_array_equal(pool.apply(_fourth, (store,))[0], first[0])


def _fourth(store: Store) -> tuple[Pixels, int]:
    return store[3]


def test_pixels_of_a_sample_may_be_written_to(home: Home) -> None:
    store = open_store(build(home, "hdf5", "raw")["store"])
    pixels, _ = store[0]
    before = pixels.copy()
    pixels[:] = 0
    np.testing.assert_array_equal(store[0][0], before)


def test_stores_are_listed_and_deleted(home: Home) -> None:
    build(home, "lmdb", "raw")
    build(home, "hdf5", "jpeg", quality=80)
    assert [info.name for info in list_stores(home, "shapes")] == ["hdf5/jpeg-quality80", "lmdb/raw"]
    delete_store(home, home.built / "shapes/lmdb/raw")
    assert [info.name for info in list_stores(home)] == ["hdf5/jpeg-quality80"]
    with pytest.raises(InputError, match="not one of the stores"):
        delete_store(home, home.root / "data" / "raw" / "shapes")
    assert (home.root / "data" / "raw" / "shapes").is_dir()


def test_a_damaged_manifest_is_told(home: Home) -> None:
    store = Path(build(home, "lmdb", "raw")["store"])
    manifest = store / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"samples": 50', '"samples": 51'))
    assert list_stores(home) == []
    [(path, reason)] = list_damaged_stores(home)
    assert path == store
    assert "was changed after it was written" in reason
    with pytest.raises(InputError, match="was changed after"):
        open_store(store)
    manifest.write_text("{")
    with pytest.raises(InputError, match="is damaged"):
        open_store(store)


def test_what_is_no_store_is_told(home: Home, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        open_store(tmp_path / "nothing")
    store = build(home, "disk", "original")["store"]
    with pytest.raises(InputError, match="no split 'test'; it has: train, val"):
        open_store(store, "test")


def test_a_manifest_is_plain_json_that_says_what_is_there(home: Home, dataset: Dataset) -> None:
    store = Path(build(home, "hdf5", "raw", "zstd", level=7)["store"])
    told = json.loads((store / "manifest.json").read_text())
    assert store.name == "raw-zstd-level7"
    assert told["fingerprint"] == dataset.fingerprint
    assert told["encoding"] == {"name": "raw", "options": {"size": None}}
    assert told["compression"] == {"name": "zstd", "options": {"level": 7}}
    assert told["payload_shape"] == [32, 32, 3]
    assert told["classes"] == dataset.classes
