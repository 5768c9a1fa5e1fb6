"""Zarr as a format: the contract, what zarr-python reads of it, and chunks that are not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from format_contract import CLASSES, SHAPE, FormatContract, reader_of, sizes, write

from core.base.contracts import Contents
from core.base.errors import InputError
from core.formats import FORMATS
from core.formats.zarr.layout import index_bytes, read_index

CHUNKED = {"chunk": 3}
SAMPLE = 60
"""Bytes of an image of `SHAPE`."""


class TestZarr(FormatContract):
    varying = (("zarr", {}),)
    dense = (("zarr", {}), ("zarr", CHUNKED), ("zarr", {"filter": "zstd"}), ("zarr", {"filter": "gzip", "chunk": 7}))


def images(count: int) -> tuple[np.ndarray[Any, Any], list[bytes]]:
    made = np.random.default_rng(0).integers(0, 256, (count, *SHAPE), np.uint8)
    return made, [image.tobytes() for image in made]


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of about 4 kB, so that a few images make several."""
    monkeypatch.setattr("core.formats.zarr.format.MB", 4_000)
    monkeypatch.setattr("core.formats.zarr.writer.MB", 4_000)
    monkeypatch.setattr("core.formats.zarr.writer.CHUNK_BYTES", 1_000)


@pytest.mark.parametrize("filter", ["none", "zstd", "gzip"])
@pytest.mark.usefixtures("small_shards")
def test_zarr_reads_the_pixels(tmp_path: Path, filter: str) -> None:
    zarr = pytest.importorskip("zarr")
    made, payloads = images(200)
    options = {"shard_mb": 1, "chunk": 5, "filter": filter}
    path = write(tmp_path, "zarr", options, payloads, shape=SHAPE)
    group = zarr.open_group(path, mode="r")
    np.testing.assert_array_equal(group["images"][:], made)
    assert (group["images"].shards, group["images"].chunks) == ((65, *SHAPE), (5, *SHAPE))
    assert group["labels"][:].tolist() == [index % 3 for index in range(200)]
    assert group.attrs["classes"] == list(CLASSES)
    reader = reader_of(path, "zarr", options)
    assert [bytes(payload) for payload in reader.read([199, 0, 64, 65])] == [payloads[at] for at in (199, 0, 64, 65)]
    told = FORMATS.make("zarr", options).shards_in(path)  # type: ignore[attr-defined]
    assert [(shard.name, shard.samples) for shard in told] == [
        (f"images/c/{number}/0/0/0", samples) for number, samples in enumerate((65, 65, 65, 5))
    ]
    assert all((path / shard.name).stat().st_size == shard.bytes for shard in told)


@pytest.mark.usefixtures("small_shards")
def test_packed_payloads_never_lie_across_shards(tmp_path: Path) -> None:
    zarr = pytest.importorskip("zarr")
    payloads = [bytes([number]) * size for number, size in enumerate([1500, 0, 2000, 700, 4000, 1, 3999, 0, 2])]
    path = write(tmp_path, "zarr", {"shard_mb": 1}, payloads)
    group = zarr.open_group(path, mode="r")
    data, offsets, lengths = (group[name][:] for name in ("bytes", "offsets", "lengths"))
    assert [data[at : at + size].tobytes() for at, size in zip(offsets, lengths, strict=True)] == payloads
    assert offsets.tolist() == [0, 1500, 1500, 4000, 8000, 12000, 12001, 16000, 16000]
    reader = reader_of(path, "zarr", {})
    assert [bytes(payload) for payload in reader.read(range(9))] == payloads
    memory, places, sizes_told = reader.extents()  # type: ignore[attr-defined]
    assert memory[places[3] : places[3] + sizes_told[3]].tobytes() == payloads[3]
    shards = FORMATS.make("zarr", {}).shards_in(path)  # type: ignore[attr-defined]
    assert [shard.samples for shard in shards] == [3, 1, 1, 2, 2]
    with pytest.raises(InputError, match=r"4,001 bytes is larger than a shard: build with shard_mb=3"):
        write(tmp_path / "large", "zarr", {"shard_mb": 1}, [bytes(4001)])


@pytest.mark.usefixtures("small_shards")
def test_what_zarr_reads_as_zeros_is_an_error_here(tmp_path: Path) -> None:
    zarr = pytest.importorskip("zarr")
    path = write(tmp_path, "zarr", CHUNKED | {"shard_mb": 1}, images(100)[1], shape=SHAPE)
    shard = path / "images/c/1/0/0/0"
    data = bytearray(shard.read_bytes())
    shard.unlink()
    with pytest.raises(InputError, match=r"images/c/1/0/0/0 is missing|has 1 shards where 2 belong"):
        reader_of(path, "zarr", {}).read([0])
    assert not zarr.open_group(path, mode="r")["images"][66:].any()  # not a word
    chunks = (100 - 66 + 2) // 3
    (path / "images/c/1/0/0").mkdir(parents=True, exist_ok=True)
    lost = [SAMPLE * 3] * (chunks - 1)
    shard.write_bytes(data[: SAMPLE * 3 * (chunks - 1)] + index_bytes(lost, 22))
    assert not zarr.open_group(path, mode="r")["images"][99:].any()
    with pytest.raises(InputError, match=rf"images/c/1/0/0/0 is damaged: chunk {chunks - 1} of it is missing"):
        reader_of(path, "zarr", {}).read([0])


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("images/c/0/0/0/0", lambda data: data[:-3] + b"abc", "the checksum of its index differs"),
        ("images/c/0/0/0/0", lambda data: data[:50], "shorter than its index"),
        ("images/c/0/0/0/0", lambda data: data[:-120] + data[-116:], "its index leads outside|chunks do not lie"),
        ("images/zarr.json", lambda data: data.replace(b"[20, ", b"[21, "), "21 images and 20 labels"),
        ("images/zarr.json", lambda data: data.replace(b"[3, ", b"[0, "), "has chunks of 0 in shards of 21"),
        (
            "images/zarr.json",
            lambda data: data.replace(b"[20, ", b"[99999999999, "),
            "shards where 4,761,904,762 belong",
        ),
        ("images/zarr.json", lambda data: data.replace(b"crc32c", b"crc33c"), "not as our stores keep it"),
        ("images/zarr.json", lambda data: b"[]", "damaged"),
        ("images/zarr.json", lambda data: data.replace(b"[20, 4", b"[20, 0"), "damaged"),
        ("labels/c/0", lambda data: data[:-1], "labels is not 20 numbers long"),
        ("labels/zarr.json", lambda data: data.replace(b"[20]", b"[-1]"), "not as our stores keep it"),
    ],
)
def test_what_is_damaged_is_told(tmp_path: Path, name: str, change: Any, told: str) -> None:
    path = write(tmp_path, "zarr", CHUNKED, images(20)[1], shape=SHAPE)
    file = path / name
    data = file.read_bytes()
    file.unlink()
    file.write_bytes(change(data))
    with pytest.raises(InputError, match=told):
        reader_of(path, "zarr", {}).read([0])


@pytest.mark.parametrize(
    ("offsets", "lengths"), [([0, 3], [3, -1]), ([0, -1], [3, 3]), ([0, 3], [3, 99999]), ([0, 60000], [3, 10000])]
)
def test_places_that_lead_elsewhere_are_refused(tmp_path: Path, offsets: list[int], lengths: list[int]) -> None:
    path = write(tmp_path, "zarr", {}, [b"abc", b"def"])
    (path / "offsets/c/0").write_bytes(np.array(offsets, "<i8").tobytes())
    (path / "lengths/c/0").write_bytes(np.array(lengths, "<i8").tobytes())
    with pytest.raises(InputError, match="damaged"):
        reader_of(path, "zarr", {}).read([0])


def test_a_compressed_chunk_that_is_none_is_told(tmp_path: Path) -> None:
    options = {"filter": "zstd", "chunk": 5}
    path = write(tmp_path, "zarr", options, images(20)[1], shape=SHAPE)
    shard = path / "images/c/0/0/0/0"
    data = bytearray(shard.read_bytes())
    data[2:40] = bytes(38)
    shard.write_bytes(data)
    reader = reader_of(path, "zarr", options)
    with pytest.raises(InputError, match=r"sample 0 of .* cannot be read: a chunk"):
        reader.read([0])
    assert len(bytes(reader.read([19])[0])) == SAMPLE


def test_an_index_says_what_is_there() -> None:
    data = index_bytes([5, 7], 3)
    assert read_index(data, 12 + len(data)).tolist() == [[0, 5], [5, 7], [2**64 - 1] * 2]
    with pytest.raises(ValueError, match="leads outside"):
        read_index(data, 11 + len(data))


def test_options_that_there_is_no_use_for_are_refused() -> None:
    for options in ({"chunk": 2}, {"filter": "zstd"}):
        with pytest.raises(InputError, match="raw pixels"):
            FORMATS.make("zarr", options).check(Contents(3, CLASSES))
    assert sizes(1)
