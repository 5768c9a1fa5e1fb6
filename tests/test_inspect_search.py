"""Searching keys and labels, counting labels, weighing samples, and what one record tells of itself."""

from __future__ import annotations

import io
import math
from pathlib import Path

import h5py
import lmdb
import numpy as np
import pytest
from inspect_fixtures import IMAGES, LABELS, SAMPLES, png, write_dicts, write_many_hdf5
from PIL import Image

from core.base.contracts import Labels
from core.base.errors import InputError
from core.formats import FORMATS
from core.formats.hdf5.sizes import PER_ROW
from core.inspect import search, size_estimate
from core.inspect.files import open_inspected
from core.inspect.records import Label, Record
from core.inspect.search import Wanted


class Many:
    """Records that are nothing but keys and labels."""

    why = "made for a test"
    classes = None
    warnings: tuple[str, ...] = ()

    def __init__(self, total: int, labels: int | None = 7) -> None:
        self.total = total
        self.labels = labels
        self.asked = 0

    def __len__(self) -> int:
        return self.total

    def key(self, index: int) -> str:
        return f"{index:07}"

    def find(self, key: str) -> int | None:
        return int(key)

    def read(self, index: int) -> Record:
        raise ValueError("not to be read")

    def label(self, index: int) -> Label:
        self.asked += 1
        if index == 3:
            raise ValueError("a label that cannot be read")
        return None if self.labels is None else index % self.labels

    def numbers(self) -> Labels | None:
        return None


def test_keys_by_prefix_and_by_part() -> None:
    records = Many(5000)
    found, end = search.matching(records, None, Wanted("00012"), 0, 60, 10**6)
    assert (found.tolist(), end) == (list(range(1200, 1300)), 5000)
    found, _ = search.matching(records, None, Wanted("99", "contains"), 0, 60, 10**6)
    assert found.tolist() == [index for index in range(5000) if "99" in f"{index:07}"]


def test_a_search_goes_on_where_it_stopped() -> None:
    records = Many(5000)
    first, end = search.matching(records, None, Wanted(label=2), 0, 0, 10**6)
    assert 0 < end < 5000
    rest, last = search.matching(records, None, Wanted(label=2), end, 60, 10**6)
    assert last == 5000
    assert [*first, *rest] == [index for index in range(5000) if index % 7 == 2]


def test_a_search_stops_when_enough_was_found() -> None:
    found, end = search.matching(Many(50_000), None, Wanted(label=1), 0, 60, 10)
    assert len(found) >= 10
    assert end == search.WINDOW


def test_a_key_and_a_label_together() -> None:
    found, _ = search.matching(Many(3000), None, Wanted("00000", "prefix", 4), 0, 60, 10**6)
    assert found.tolist() == [index for index in range(100) if index % 7 == 4]


def test_labels_that_are_kept_together_are_found_without_reading_records() -> None:
    records = Many(1000)
    numbers = np.arange(1000) % 3
    found, end = search.matching(records, numbers, Wanted(label=2), 10, 0, 10)
    assert (found[:2].tolist(), end, records.asked) == ([11, 14], 1000, 0)
    found, _ = search.matching(records, numbers, Wanted("000000", "prefix", 1), 0, 60, 100)
    assert found.tolist() == [1, 4, 7]


def test_another_way_of_searching_is_refused() -> None:
    with pytest.raises(InputError, match="prefix or contains"):
        Wanted("a", "sounds like")


def test_a_census_of_everything() -> None:
    counted = search.census(Many(200), None, 60)
    assert counted.exact
    assert sum(count for _, count in counted.counts) + counted.none == 200
    assert counted.none == 1  # the label that cannot be read
    assert dict(counted.counts)[3] == 28


def test_a_census_by_sample_is_evenly_spread_and_says_so() -> None:
    records = Many(1_000_000)
    counted = search.census(records, None, 0)
    assert not counted.exact
    assert counted.looked == search.PROBE
    assert records.asked == 2 * search.PROBE
    assert max(count for _, count in counted.counts) - min(count for _, count in counted.counts) <= 5


def test_numbers_are_counted_all() -> None:
    counted = search.census(Many(4), np.array([5, 5, 9, 5]), 0)
    assert (list(counted.counts), counted.exact, counted.none) == ([(5, 3), (9, 1)], True, 0)


def test_labels_without_end_are_summed_up() -> None:
    counted = search.census(Many(5000, labels=5000), None, 60)
    assert len(counted.counts) == search.MOST_LABELS
    assert sum(count for _, count in counted.counts) + counted.others + counted.none == counted.looked


# ---------------------------------------------------------------- through a reader process


def test_a_file_is_searched_and_counted(tmp_path: Path) -> None:
    with open_inspected(write_dicts(tmp_path / "dicts.lmdb", lambda image: image, None)) as file:
        found, end = file.matching(Wanted("0000001"))
        assert (found.tolist(), end) == ([10, 11], SAMPLES)
        label = int(LABELS[0])
        assert file.matching(Wanted(label=label))[0].tolist() == np.flatnonzero(label == LABELS).tolist()
        values, counts = np.unique(LABELS, return_counts=True)
        assert dict(file.census().counts) == dict(zip(values.tolist(), counts.tolist(), strict=True))


def test_the_labels_of_an_array_are_found_at_once(tmp_path: Path) -> None:
    with open_inspected(write_many_hdf5(tmp_path / "many.h5")) as file:
        label = int(LABELS[3])
        assert file.matching(Wanted(label=label))[0].tolist() == np.flatnonzero(label == LABELS).tolist()


def test_the_original_bytes(tmp_path: Path) -> None:
    with lmdb.open(str(tmp_path / "png.lmdb")) as env, env.begin(write=True) as transaction:
        for index, image in enumerate(IMAGES):
            transaction.put(f"{index:08}".encode(), png(image))
    with open_inspected(tmp_path / "png.lmdb") as file:
        assert file.payload(5) == png(IMAGES[5])
        with pytest.raises(InputError, match="no entry 99"):
            file.payload(99)


def test_a_photo_tells_what_its_header_says(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[271], exif[306] = "Maker", "2020:02:02 20:20:20"
    photo = io.BytesIO()
    Image.fromarray(IMAGES[0]).save(photo, "jpeg", exif=exif, progressive=True)
    with lmdb.open(str(tmp_path / "a.lmdb")) as env, env.begin(write=True) as transaction:
        transaction.put(b"a", photo.getvalue())
    with open_inspected(tmp_path / "a.lmdb") as file:
        about = file.sample(0).about
    assert ["Make", "Maker"] in about["exif"]
    assert ["DateTime", "2020:02:02 20:20:20"] in about["exif"]
    header = dict(about["header"])
    assert header["Size"] == "32 × 32"
    assert header["Progressive"] == "1"


def test_only_hdf5_has_chunks(tmp_path: Path) -> None:
    with (
        open_inspected(write_dicts(tmp_path / "dicts.lmdb", lambda image: image, None)) as file,
        pytest.raises(InputError, match="no chunks"),
    ):
        file.chunk_map("images")


# ---------------------------------------------------------------- sizes in other formats


def test_images_are_sized_in_every_encoding(tmp_path: Path) -> None:
    with open_inspected(write_many_hdf5(tmp_path / "many.h5")) as file:
        rows = file.encoded_sizes(range(SAMPLES), seconds=60)
    assert len(rows) == SAMPLES
    assert {"raw", "raw+zstd", "png", "jpeg", "payload", "stored"} == set(rows[0])
    assert rows[4]["raw"] == IMAGES[4].nbytes
    found = {(one.format, one.encoding, one.compression): one for one in size_estimate.estimates(rows, SAMPLES)}
    assert found["hdf5", "raw", "none"].bytes == SAMPLES * (IMAGES[0].nbytes + PER_ROW)
    assert found["disk", "raw", "none"].bytes == SAMPLES * 4096
    assert found["lmdb", "raw", "none"].bytes == pytest.approx(SAMPLES * (4096 + 26))
    assert not any(encoding == "original" for _, encoding, _ in found)  # bare pixels have no file


def test_a_sample_has_a_spread_and_everything_has_none() -> None:
    rows = [{"raw": 1000, "png": size} for size in (100, 200, 300, 400)]
    of_all = next(one for one in size_estimate.estimates(rows, 4) if (one.format, one.encoding) == ("hdf5", "png"))
    assert of_all.low == of_all.bytes == of_all.high == 1000 + 4 * PER_ROW
    of_many = next(one for one in size_estimate.estimates(rows, 400) if (one.format, one.encoding) == ("hdf5", "png"))
    margin = size_estimate.Z * np.std([100, 200, 300, 400], ddof=1) / math.sqrt(4) * 400
    assert of_many.high - of_many.bytes == pytest.approx(margin)
    assert of_many.low < of_many.bytes


def test_small_values_share_a_page() -> None:
    sizes = np.array([100.0, 1000.0, 2030.0, 3000.0, 5000.0])
    each = FORMATS["lmdb"].occupied(sizes)
    assert each[0] == 4096 / (4080 // 118)
    assert each[1] == 4096 / 4
    assert each[2] == 4096 + 26  # too large for half a page
    assert each[4] == 2 * 4096 + 26


@pytest.mark.parametrize("size", [100, 1000, 2000, 3000, 6000])
def test_the_estimate_is_what_lmdb_makes_of_it(size: int, tmp_path: Path) -> None:
    samples = 3000
    with lmdb.open(str(tmp_path / "real.lmdb"), map_size=1 << 28) as env:
        with env.begin(write=True) as transaction:
            for index in range(samples):
                transaction.put(b"%08d" % index, bytes(size), append=True)
        stat = env.stat()
    pages = stat["leaf_pages"] + stat["overflow_pages"] + stat["branch_pages"]
    expected = float(FORMATS["lmdb"].occupied(np.array([float(size)]))[0]) * samples
    assert pages * 4096 == pytest.approx(expected, rel=0.02, abs=3 * 4096)


def test_nothing_is_estimated_of_what_is_no_image() -> None:
    assert size_estimate.estimates([{"payload": 10, "stored": 20}], 100) == []


def test_values_that_are_no_image_have_their_sizes(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "v.h5", "w") as file:
        file["weights"] = np.arange(5.0)
    with open_inspected(tmp_path / "v.h5") as opened:
        assert "raw" not in opened.encoded_sizes([0])[0]
