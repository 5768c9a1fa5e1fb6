"""WebDataset shards: held to the contract of formats, and read back by tarfile; the walk that finds members."""

from __future__ import annotations

import io
import json
import random
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from format_contract import SHAPE, FormatContract, Labelled, reader_of, sizes, write

from core.base.contracts import Contents, Field, FieldReader
from core.base.errors import InputError
from core.formats import FORMATS
from core.formats.folder import INDEX
from core.formats.webdataset.tar_walk import TarWalk, joined


class TestWebDataset(FormatContract):
    varying = (
        ("webdataset", {"shards": 4}),
        ("webdataset", {"compress": "zst", "shards": 2}),
    )
    copied = (("webdataset", {"compress": "zst", "shards": 2}),)


def members(path: Path) -> list[tuple[str, bytes]]:
    """With the standard library alone."""
    found = []
    for shard in sorted(path.glob("*.tar")):
        with tarfile.open(shard) as archive:
            for member in archive:
                file = archive.extractfile(member)
                assert file is not None
                found.append((member.name, file.read()))
    return found


def test_tarfile_reads_payload_and_label_side_by_side(tmp_path: Path) -> None:
    payloads = sizes(40)
    path = write(tmp_path, "webdataset", {"shards": 3}, payloads)
    assert sorted(file.name for file in path.iterdir()) == [
        "index.npy",
        "metadata.json",
        *[f"train-{number:06d}.tar" for number in range(3)],
    ]
    expected = []
    for number, payload in enumerate(payloads):
        expected += [(f"{number:08d}.bin", payload), (f"{number:08d}.cls", str(number % 3).encode())]
    assert members(path) == expected
    for shard in path.glob("*.tar"):
        with tarfile.open(shard) as archive:
            assert {(one.uid, one.gid, one.mtime, one.mode, one.type) for one in archive} == {(0, 0, 0, 0o644, b"0")}
        assert shard.stat().st_size % 10_240 == 0


def test_pixels_of_one_shape_are_arrays_and_lie_bare_in_the_map(tmp_path: Path) -> None:
    payloads = [random.Random(seed).randbytes(60) for seed in range(5)]
    path = write(tmp_path, "webdataset", {}, payloads, shape=SHAPE)
    arrays = [np.load(io.BytesIO(data)) for name, data in members(path) if name.endswith(".npy")]
    assert [array.tobytes() for array in arrays] == payloads
    assert {(array.shape, str(array.dtype)) for array in arrays} == {(SHAPE, "uint8")}
    memory, offsets, lengths = reader_of(path, "webdataset", {}).extents()  # type: ignore[attr-defined]
    assert [memory[at : at + length].tobytes() for at, length in zip(offsets, lengths, strict=True)] == payloads


@pytest.mark.parametrize("options", [{"shards": 2}, {"shards": 2, "compress": "zst"}])
def test_the_same_samples_make_the_same_bytes(tmp_path: Path, options: dict[str, Any]) -> None:
    one, two = (write(tmp_path / name, "webdataset", options, sizes(30), batch=batch) for name, batch in
                (("a", 7), ("b", 30)))  # fmt: skip
    for file in one.iterdir():
        assert file.read_bytes() == (two / file.name).read_bytes()


def test_compressed_shards_are_what_zstd_makes_of_plain_ones(tmp_path: Path) -> None:
    payloads = sizes(60)
    plain = write(tmp_path / "a", "webdataset", {"shards": 2}, payloads)
    path = write(tmp_path / "b", "webdataset", {"shards": 2, "compress": "zst"}, payloads)
    for shard in plain.glob("*.tar"):
        data = (path / f"{shard.name}.zst").read_bytes()
        whole = zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True).read()
        assert whole == shard.read_bytes()


@pytest.mark.parametrize("options", [{"shards": 2}, {"shards": 2, "compress": "zst"}])
@pytest.mark.parametrize("shape", [None, SHAPE])
def test_an_index_that_is_missing_stale_or_damaged_is_made_again(
    tmp_path: Path, options: dict[str, Any], shape: Any
) -> None:
    payloads = [random.Random(seed).randbytes(60) for seed in range(50)] if shape else sizes(50)
    path = write(tmp_path, "webdataset", options, payloads, shape=shape)
    index = (path / INDEX).read_bytes()
    other = write(tmp_path / "other", "webdataset", options, payloads[::-1][:49], shape=shape)
    for content in (index, None, (other / INDEX).read_bytes(), index[:90], b"", index[:-28] + bytes(28)):
        (path / INDEX).unlink(missing_ok=True)
        if content is not None:
            (path / INDEX).write_bytes(content)
        reader = reader_of(path, "webdataset", {})
        assert reader.labels.tolist() == [number % 3 for number in range(50)]
        assert [bytes(payload) for payload in reader.read(range(50))] == payloads


def test_a_shard_that_is_cut_or_missing_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, "webdataset", {"shards": 2}, sizes(20))
    shard = path / "train-000001.tar"
    shard.write_bytes(shard.read_bytes()[:-10_240])
    with pytest.raises(InputError, match=r"train-000001\.tar has .* bytes and should have"):
        reader_of(path, "webdataset", {}).read([0])
    shard.unlink()
    with pytest.raises(InputError, match=r"train-000001\.tar"):
        reader_of(path, "webdataset", {}).read([0])


@pytest.mark.parametrize("options", [{}, {"compress": "zst"}])
def test_mangled_containers_are_errors_and_never_crashes(tmp_path: Path, options: dict[str, Any]) -> None:
    path = write(tmp_path, "webdataset", options, sizes(60, seed=3))
    draw = random.Random(1)
    names = [file.name for file in path.iterdir()]
    sound = {name: (path / name).read_bytes() for name in names}
    refused = 0
    for number in range(40):
        name = names[number % 3]
        data = bytearray(sound[name])
        for _ in range(draw.choice([1, 8, 200])):
            data[draw.randrange(len(data))] = draw.randrange(256)
        (path / name).unlink()
        (path / name).write_bytes(data)
        if number % 2:
            (path / INDEX).unlink(missing_ok=True)
        try:
            assert len(reader_of(path, "webdataset", {}).read(range(60))) == 60
        except InputError:
            refused += 1
        for name, content in sound.items():
            (path / name).unlink(missing_ok=True)
            (path / name).write_bytes(content)
    assert refused > 10


def test_options_that_contradict_are_refused() -> None:
    with pytest.raises(InputError, match="not both"):
        FORMATS.make("webdataset", {"shards": 2, "shard_mb": 64}).check(Contents(3, ("a",)))
    with pytest.raises(InputError, match="eight digits"):
        FORMATS.make("webdataset").check(Contents(100_000_001, ("a",)))


def test_shards_are_told(tmp_path: Path) -> None:
    path = write(tmp_path, "webdataset", {"shards": 3}, sizes(20))
    told = json.loads((path / "metadata.json").read_text())["shards"]
    assert [(name, samples) for name, samples, _ in told] == [
        ("train-000000.tar", 6),
        ("train-000001.tar", 7),
        ("train-000002.tar", 7),
    ]
    assert [size for *_, size in told] == [(path / name).stat().st_size for name, *_ in told]


# ---- the walk


def walked(data: bytes) -> tuple[list[tuple[bytes, int, int, int]], TarWalk]:
    walk = TarWalk(np.frombuffer(data, np.uint8))
    found = joined(list(walk.steps()))
    rows = zip(found.all_names(), found.types.tolist(), found.offsets.tolist(), found.sizes.tolist(), strict=True)
    return list(rows), walk


def archive(form: int, entries: list[tuple[str, bytes]]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=form) as file:
        for name, data in entries:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    return made.getvalue()


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_the_walk_finds_what_tarfile_finds(form: int) -> None:
    long = "d/" * 60 + "x" * 90 + ".png"
    entries = [(f"{number}.png", bytes([number]) * number * 7) for number in range(200)]
    entries += [(long, b"long"), ("é.jpg", b"e"), ("last", b"")]
    data = archive(form, entries)
    found, walk = walked(data)
    assert walk.problem is None
    assert walk.end_mark
    assert [(name.decode(), data[at : at + size]) for name, _, at, size in found] == entries


def test_links_devices_and_folders_are_told_and_sparse_members_too() -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as file:
        for name, kind in (("l", tarfile.SYMTYPE), ("h", tarfile.LNKTYPE), ("d/", tarfile.DIRTYPE),
                           ("c", tarfile.CHRTYPE), ("p", tarfile.FIFOTYPE)):  # fmt: skip
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size = kind, "/etc/passwd", 0
            file.addfile(info)
        info = tarfile.TarInfo("s.png")
        info.pax_headers, info.size = {"GNU.sparse.major": "1", "GNU.sparse.name": "real.png"}, 3
        file.addfile(info, io.BytesIO(b"abc"))
    found, walk = walked(made.getvalue())
    assert walk.problem is None
    assert [(name, chr(kind)) for name, kind, *_ in found] == [
        (b"l", "2"), (b"h", "1"), (b"d/", "5"), (b"c", "3"), (b"p", "6"), (b"real.png", "S"),
    ]  # fmt: skip


def test_a_cut_or_damaged_archive_gives_what_is_before_and_says_where() -> None:
    data = archive(tarfile.GNU_FORMAT, [(f"{number}.png", bytes(600)) for number in range(9)])
    found, walk = walked(data[: 5 * 1536 + 700])
    assert (len(found), walk.position) == (5, 5 * 1536)
    assert walk.problem == "the archive is cut off: the member at byte 7,680 goes on behind its end"
    found, walk = walked(data[: 5 * 1536 + 100])
    assert (len(found), walk.problem) == (5, "the archive is cut off in a header, at byte 7,680")
    found, walk = walked(data[: 5 * 1536])
    assert (len(found), walk.problem, walk.end_mark) == (5, None, False)
    broken = bytearray(data)
    broken[3 * 1536 + 10] ^= 1
    found, walk = walked(bytes(broken))
    assert (len(found), walk.problem) == (3, "the header at byte 4,608 is damaged: its checksum is wrong")


def test_sizes_that_lead_outside_or_back_end_the_walk() -> None:
    data = archive(tarfile.GNU_FORMAT, [("a.png", b"x"), ("b.png", b"y")])
    for field in (b"\xff" * 12, b"\x80" + b"\x7f" * 11, b"-0000000001\0", b"77777777777\0", b"0_10_______\0"):
        changed = bytearray(data)
        changed[1024 + 124 : 1024 + 136] = field
        changed[1024 + 148 : 1024 + 156] = b" " * 8
        changed[1024 + 148 : 1024 + 156] = b"%06o\0 " % sum(changed[1024 : 1024 + 512])
        found, walk = walked(bytes(changed))
        assert [name for name, *_ in found] == [b"a.png"]
        assert walk.problem is not None
        assert walk.ended


def test_a_walk_goes_on_from_where_one_stopped() -> None:
    names = [f"{number:05d}.png" + "x" * 120 for number in range(3000)]
    data = np.frombuffer(archive(tarfile.PAX_FORMAT, [(name, b"1") for name in names]), np.uint8)
    whole = joined(list(TarWalk(data).steps()))
    first = TarWalk(data)
    parts = [first.step()]
    second = TarWalk(data, first.position, first.members)
    parts += list(second.steps())
    assert joined(parts).all_names() == whole.all_names()
    assert joined(parts).offsets.tolist() == whole.offsets.tolist()


def test_random_bytes_never_lead_astray() -> None:
    draw = random.Random(5)
    data = bytearray(archive(tarfile.PAX_FORMAT, [(f"{'x' * 150}{number}.png", bytes(300)) for number in range(12)]))
    for _ in range(400):
        changed = bytearray(data)
        for _ in range(draw.choice([1, 4, 60])):
            changed[draw.randrange(len(changed))] = draw.randrange(256)
        found, walk = walked(bytes(changed[: draw.randrange(len(changed))]))
        assert walk.ended
        assert all(at >= 0 and (at + size <= len(data) or kind in b"123456") for _, kind, at, size in found)


@pytest.mark.parametrize("options", [{}, {"compress": "zst"}])
def test_fields_are_members_with_the_key_of_their_sample(tmp_path: Path, options: dict[str, Any]) -> None:
    fields = [Field("caption", "text"), Field("age", "integer"), Field("a.b", "array"), Field("mask", "image")]
    values: list[Any] = [
        {"caption": "é", "age": 3, "a.b": np.ones(2, np.float32), "mask": b"\x89PNG..."},
        {"caption": "two"},
    ]
    told = {"rows": Labelled(fields, values)}
    path = write(tmp_path, "webdataset", options, [b"one", b"two"], **told)
    if not options:
        with tarfile.open(path / "train-000000.tar") as tar:
            names = tar.getnames()
            content = {name: tar.extractfile(name).read() for name in names}  # type: ignore[union-attr]
        first = [f"00000000{end}" for end in (".bin", ".cls", ".txt", ".a.b.npy", ".mask.png", ".json")]
        assert names == [*first, "00000001.bin", "00000001.cls", "00000001.txt"]
        assert content["00000000.txt"].decode() == "é"
        assert content["00000000.json"] == b'{"age": 3}'
        assert np.load(io.BytesIO(content["00000000.a.b.npy"])).tolist() == [1, 1]
    (path / "index.npy").unlink()
    reader = reader_of(path, "webdataset", options)
    assert [bytes(payload) for payload in reader.read([1, 0])] == [b"two", b"one"]
    assert isinstance(reader, FieldReader)
    assert reader.fields([1, 0], ["caption", "age"]) == [{"caption": "two"}, {"caption": "é", "age": 3}]
    assert reader.stored_bytes(0) > reader.stored_bytes(1)
