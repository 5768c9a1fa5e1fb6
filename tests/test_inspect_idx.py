"""idx files (MNIST): plain and gzipped, with the labels beside them, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from array_files import gzipped, idx, opened

from core.base.errors import InputError
from core.inspect.inflated_bytes import BLOCK, GZIP, InflatedBytes
from core.inspect.kinds import identify

IMAGES = np.random.default_rng(0).integers(0, 256, (20, 28, 20), np.uint8)
LABELS = (np.arange(20) % 10).astype(np.uint8)


@pytest.fixture(params=[False, True], ids=["plain", "gzip"])
def mnist(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The path of the images; the labels lie beside them."""
    ending, packed = (".gz", gzipped) if request.param else ("", bytes)
    (tmp_path / f"train-labels-idx1-ubyte{ending}").write_bytes(packed(idx(LABELS)))
    images = tmp_path / f"train-images-idx3-ubyte{ending}"
    images.write_bytes(packed(idx(IMAGES)))
    return images


def test_images_with_the_labels_beside(mnist: Path) -> None:
    file = opened(mnist)
    assert (file.schema, len(file.records)) == ("idx-images", 20)
    for index in (0, 7, 19):
        record = file.records.read(index)
        assert np.array_equal(record.pixels[:, :, 1], IMAGES[index])
        assert record.label == file.records.label(index) == LABELS[index]
    assert np.array_equal(file.records.numbers(), LABELS)
    assert file.records.find("images[7]") == 7
    assert file.records.find("images[20]") is None
    assert file.findings() == []
    assert "labels-idx1-ubyte" in file.records.why
    assert file.file.structure()["read_cost"]["ordered_bytes"] == 28 * 20


def test_labels_by_themselves_and_labels_from_1(tmp_path: Path) -> None:
    path = tmp_path / "letters"
    path.write_bytes(idx(LABELS + 1))
    file = opened(path)
    assert (file.schema, file.records.label(9)) == ("idx-labels", 10)
    [finding] = file.findings()
    assert (finding.kind, finding.count) == ("labels-from-1", 20)
    assert "labels 1..10" in finding.meaning


@pytest.mark.parametrize(("labels", "kind"), [(None, "no-labels"), (LABELS[:5], "labels-do-not-fit")])
def test_missing_and_wrong_labels_are_findings(labels: np.ndarray | None, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "t10k-images.idx3-ubyte"
    path.write_bytes(idx(IMAGES))
    if labels is not None:
        (tmp_path / "t10k-labels.idx1-ubyte").write_bytes(idx(labels))
    file = opened(path)
    assert [finding.kind for finding in file.findings()] == [kind]
    assert file.records.read(3).label is None


def test_emnist_lies_on_its_side_which_is_a_guess_to_be_corrected(tmp_path: Path) -> None:
    path = tmp_path / "emnist-letters-train-images-idx3-ubyte"
    path.write_bytes(idx(IMAGES))
    file = opened(path)
    assert "a guess" in file.records.why
    assert np.array_equal(file.records.read(2).pixels[:, :, 0], IMAGES[2].T)
    assert np.array_equal(opened(path, "idx-images").records.read(2).pixels[:, :, 0], IMAGES[2])


def test_numbers_of_other_types(tmp_path: Path) -> None:
    path = tmp_path / "vectors"
    values = np.arange(12, dtype=">f4").reshape(4, 3)
    path.write_bytes(idx(values, 0x0D))
    file = opened(path)
    assert file.schema == "idx-numbers"
    assert file.records.read(3).values.tolist() == [9, 10, 11]


def test_a_file_that_is_cut_short_shows_what_is_whole(tmp_path: Path) -> None:
    whole = idx(IMAGES)
    path = tmp_path / "images"
    path.write_bytes(whole[:-600])
    file = opened(path)
    assert len(file.records) == 18
    assert "cut short" in file.file.warnings()[0]
    path.write_bytes(gzipped(whole)[:-3000])
    file = opened(path)
    assert "cut short" in file.file.warnings()[0]
    assert np.array_equal(file.records.read(0).pixels[:, :, 0], IMAGES[0])
    with pytest.raises(ValueError, match="compressed data ends before"):
        file.records.read(19)


@pytest.mark.parametrize(
    "data",
    [
        bytes([0, 0, 8, 3]) + b"\xff" * 12 + bytes(100),
        bytes([0, 0, 8, 255]) + bytes(2000),
        bytes([0, 0, 7, 1, 0, 0, 0, 4]) + bytes(4),
        bytes([0, 0, 8, 3]),
    ],
)
def test_headers_that_lie_are_no_idx_files_or_promise_nothing(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(InputError):
        identify(path)


def test_inflated_bytes_are_the_same_from_anywhere() -> None:
    data = np.random.default_rng(1).integers(0, 8, 7 * BLOCK + 99, np.uint8).tobytes()
    packed = gzipped(data[: 3 * BLOCK]) + gzipped(data[3 * BLOCK :])
    inflated = InflatedBytes(memoryview(packed), GZIP, len(data))
    for offset, count in ((len(data) - 5, 5), (0, 9), (3 * BLOCK - 2, 4), (BLOCK, 2 * BLOCK), (5, 0)):
        assert inflated.at(offset, count) == data[offset : offset + count]
    for offset, count in ((len(data), 1), (-1, 2), (0, len(data) + 1)):
        with pytest.raises(ValueError, match="lie beyond"):
            inflated.at(offset, count)


def test_a_bomb_is_inflated_no_further_than_its_array() -> None:
    bomb = gzipped(bytes(40 * BLOCK))
    inflated = InflatedBytes(memoryview(bomb), GZIP, 100)
    assert inflated.at(0, 100) == bytes(100)
    with pytest.raises(ValueError, match="lie beyond"):
        inflated.at(0, 101)
