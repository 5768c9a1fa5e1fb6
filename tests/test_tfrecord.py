"""TFRecord as a format: every byte by the definition, checksums, shards, gzip, and an index that can be lost."""

from __future__ import annotations

import gzip
import json
import random
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from format_contract import CLASSES, SHAPE, reader_of, sizes, write

from benchmarks.plain import plain_example, plain_fields
from core.base.contracts import Contents, Mapped, Row
from core.base.errors import InputError
from core.base.events import finish
from core.base.home import Home
from core.building import Build
from core.formats import FORMATS
from core.formats.tfrecord import checksum, example, records, shard_maps

ONE, THREE = "train-00000-of-00001", ["train-00000-of-00003", "train-00001-of-00003", "train-00002-of-00003"]


def crc32c(data: bytes) -> int:
    """Bit by bit, from the polynomial (RFC 3720, appendix B.4)."""
    crc = 0xFFFFFFFF
    for octet in data:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data: bytes) -> bytes:
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + masked(length) + data + masked(data)


def put_in_place(path: Path, data: bytes) -> None:
    """Never into the file itself: an open map may still show what it was."""
    path.unlink()
    path.write_bytes(data)


class Rows:
    """Images of which a split is made, 7 high and as wide as their number and 9."""

    root = Path()
    untouched = True
    fields = ()

    def __iter__(self) -> Any:
        return iter(Row(number, "", 0, 0, 7, 9 + number, 0, 0) for number in range(3))

    def sizes(self) -> Any:
        return iter((row.height, row.width) for row in self)


def test_a_file_is_what_the_definitions_say_to_the_byte(tmp_path: Path) -> None:
    form = FORMATS.make("tfrecord")
    writer = form.writer(tmp_path / "train", Contents(1, ("ant", "bee"), rows=Rows()))
    writer.write([b"ABC"], [1], [".jpg"])
    writer.close()
    features = [
        b"\x0a\x1a\x0a\x11image/class/label\x12\x05\x1a\x03\x0a\x01\x01",
        b"\x0a\x1b\x0a\x10image/class/text\x12\x07\x0a\x05\x0a\x03bee",
        b"\x0a\x18\x0a\x0dimage/encoded\x12\x07\x0a\x05\x0a\x03ABC",
        b"\x0a\x18\x0a\x0cimage/format\x12\x08\x0a\x06\x0a\x04jpeg",
        b"\x0a\x15\x0a\x0cimage/height\x12\x05\x1a\x03\x0a\x01\x07",
        b"\x0a\x14\x0a\x0bimage/width\x12\x05\x1a\x03\x0a\x01\x09",
    ]
    inside = b"".join(features)
    told = b"\x0a" + (bytes([len(inside) & 0x7F | 0x80, len(inside) >> 7])) + inside
    assert (tmp_path / "train" / ONE).read_bytes() == record(told)


def test_features_say_what_payloads_are(tmp_path: Path) -> None:
    form = FORMATS.make("tfrecord")
    writer = form.writer(tmp_path / "train", Contents(4, CLASSES, rows=Rows()))
    writer.write([bytes(300)] * 4, [0, 1, 2, 0], [".jpg", ".png", ".png.zst", ".raw"])
    writer.close()
    data = (tmp_path / "train" / ONE).read_bytes()
    found = []
    while data:
        length = struct.unpack_from("<Q", data)[0]
        assert data[: 16 + length] == record(data[12 : 12 + length])
        found.append(plain_example(data[12 : 12 + length]))
        data = data[16 + length :]
    assert [told["image/format"] for told in found] == [b"jpeg", b"png", b"png.zst", b"raw"]
    assert [told["image/class/text"] for told in found] == [b"ant", b"bee", b"cow", b"ant"]
    assert [(told.get("image/height"), told.get("image/width")) for told in found] == [
        (7, 9),
        (7, 10),
        (7, 11),
        (None, None),
    ]
    raw = write(tmp_path / "raw", "tfrecord", {}, [bytes(60)], shape=SHAPE)
    told = plain_example((raw / ONE).read_bytes()[12:-4])
    assert (told["image/height"], told["image/width"]) == SHAPE[:2]


def test_checksums_of_many_numbers_are_those_of_each() -> None:
    numbers = np.array(
        [0, 1, 255, 2**32, 2**63 + 12345, *(random.Random(n).getrandbits(64) for n in range(40))], np.uint64
    )
    expected = [struct.unpack("<I", masked(struct.pack("<Q", number)))[0] for number in numbers.tolist()]
    assert checksum.masked_of_numbers(numbers).tolist() == expected


def test_sizes_at_every_border_of_a_varint(tmp_path: Path) -> None:
    payloads = [bytes([size % 251]) * size for near in (128, 1 << 14) for size in range(near - 70, near + 3)]
    path = write(tmp_path, "tfrecord", {}, payloads)
    assert [bytes(payload) for payload in reader_of(path, "tfrecord", {}).read(range(len(payloads)))] == payloads


@pytest.mark.parametrize("options", [{"shards": 3}, {"shards": 3, "compress": "gzip"}])
def test_an_index_that_is_lost_or_stale_is_made_again(tmp_path: Path, options: dict[str, Any]) -> None:
    payloads = sizes(50)
    path = write(tmp_path, "tfrecord", options, payloads)
    other = write(tmp_path / "other", "tfrecord", options, sizes(50, seed=1))
    for name in ("index.npy", "blocks.npy"):
        if not (path / name).exists():
            continue
        for stale in (b"", (other / name).read_bytes(), None):
            (path / name).unlink(missing_ok=True)
            if stale is not None:
                (path / name).write_bytes(stale)
            reader = reader_of(path, "tfrecord", options)
            assert reader.labels.tolist() == [index % 3 for index in range(50)]
            assert [bytes(payload) for payload in reader.read(range(50))] == payloads


def test_a_shard_that_is_cut_is_told_with_its_place(tmp_path: Path) -> None:
    path = write(tmp_path, "tfrecord", {"shards": 3}, sizes(30))
    put_in_place(path / THREE[1], (path / THREE[1]).read_bytes()[:-5])
    with pytest.raises(InputError, match=r"shard 1, byte [\d,]+: no whole record begins there"):
        reader_of(path, "tfrecord", {}).read([0])


def test_a_byte_that_changed_is_found_as_it_is_read(tmp_path: Path) -> None:
    payloads = [bytes([number]) * 500 for number in range(20)]
    path = write(tmp_path, "tfrecord", {}, payloads)
    sound = (path / ONE).read_bytes()
    inside = sound.index(payloads[7])
    for at, told in ((inside + 9, "checksum"), (inside - 1, "index"), (sound.index(b"bee", inside), None)):
        put_in_place(path / ONE, sound[:at] + bytes([sound[at] ^ 4]) + sound[at + 1 :])
        reader = reader_of(path, "tfrecord", {})
        bad = 7 if told else 10
        with pytest.raises(InputError, match=f"sample {bad} .*{told or ''}"):
            reader.read(range(20))
        assert bytes(reader.read([bad + 1])[0]) == payloads[bad + 1]
        put_in_place(path / ONE, sound)


def test_a_mangled_container_is_an_error_and_never_a_wrong_payload(tmp_path: Path) -> None:
    for options in ({"shards": 2}, {"shards": 2, "compress": "gzip"}):
        payloads = sizes(40, seed=5)
        path = write(tmp_path / str(len(options)), "tfrecord", options, payloads)
        files = [file for file in path.iterdir() if file.name != "metadata.json"]
        sound = {file: file.read_bytes() for file in files}
        draw, refused = random.Random(0), 0
        for number in range(60):
            file = draw.choice(files)
            data = bytearray(sound[file])
            for _ in range(draw.choice([1, 8])):
                data[draw.randrange(len(data))] = draw.randrange(256)
            if number % 4 == 0:
                del data[draw.randrange(len(data)) :]
            put_in_place(file, data)
            try:
                read = reader_of(path, "tfrecord", options).read(range(40))
            except InputError:
                refused += 1
            else:
                assert [bytes(payload) for payload in read] == payloads
            put_in_place(file, sound[file])
        assert 20 < refused < 60


def test_gzip_is_read_by_any_reader_and_a_sample_takes_one_block(tmp_path: Path) -> None:
    payloads = [random.Random(number).randbytes(9000) for number in range(60)]
    options = {"compress": "gzip"}
    path = write(tmp_path, "tfrecord", options, payloads)
    plain = write(tmp_path / "plain", "tfrecord", {}, payloads)
    shard = path / f"{ONE}.gz"
    assert gzip.decompress(shard.read_bytes()) == (plain / ONE).read_bytes()
    blocks = np.load(path / "blocks.npy")
    assert len(blocks) > 5
    assert int(blocks["length"].max()) <= (1 << 16) + 9300
    first = int(blocks["stored_length"][0])
    put_in_place(shard, bytes(first) + shard.read_bytes()[first:])
    reader = reader_of(path, "tfrecord", options)
    assert bytes(reader.read([59])[0]) == payloads[59]
    with pytest.raises(InputError, match=r"sample 0 .*gzip"):
        reader.read([0])


def test_where_files_cannot_be_mapped_as_one_they_are_read_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    payloads = sizes(30)
    path = write(tmp_path, "tfrecord", {"shards": 3}, payloads)
    monkeypatch.setattr(shard_maps, "can_join", lambda files: False)
    reader = reader_of(path, "tfrecord", {"shards": 3})
    assert isinstance(reader, Mapped)
    assert reader.extents() is None
    assert [bytes(payload) for payload in reader.read(range(30))] == payloads
    reader.release()


def test_shards_are_named_counted_and_told(home: Home, dataset: object) -> None:
    made = finish(Build("shapes", "tfrecord", options={"shards": "3"}, home=str(home.root)).run())
    told = [shard for shard in made["shards"] if shard["path"].startswith("train/")]
    assert [shard["path"] for shard in told] == [f"train/{name}" for name in THREE]
    assert sum(shard["samples"] for shard in told) == made["splits"]["train"]["samples"]
    for shard in told:
        assert shard["bytes"] == (Path(made["store"]) / shard["path"]).stat().st_size
    listed = json.loads((Path(made["store"]) / "train" / "metadata.json").read_text())["shards"]
    assert listed == [[Path(shard["path"]).name, shard["samples"], shard["bytes"]] for shard in told]


def test_a_shard_is_no_larger_than_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, "tfrecord", {"shard_mb": 1}, [bytes(300_000)] * 10)
    assert [file.stat().st_size < 1_000_000 for file in sorted(path.glob("train-*"))] == [True] * 4
    with pytest.raises(InputError, match="not both"):
        FORMATS.make("tfrecord", {"shards": 2, "shard_mb": 1}).check(Contents(3, CLASSES))


def test_lists_of_numbers_packed_or_not() -> None:
    many = [0, 1, -1, 127, 128, 2**63 - 1, -(2**63), *range(300)]
    packed = b"".join(example.written(number % 2**64) for number in many)
    assert example.varints(packed).tolist() == many
    single = b"".join(b"\x08" + example.written(number % 2**64) for number in many)

    def read(kind: int, content: bytes) -> Any:
        feature = example.message(1, example.message(1, b"x") + example.message(2, example.message(kind, content)))
        return example.features_of(example.message(1, feature))["x"]

    for content in (example.message(1, packed), single):
        assert read(example.INT64_LIST, content).numbers.tolist() == many
    floats = struct.pack("<3f", 0.5, -1, 3e9)
    bare = b"".join(b"\x0d" + floats[at : at + 4] for at in (0, 4, 8))
    for content in (example.message(1, floats), bare):
        assert read(example.FLOAT_LIST, content).numbers.tolist() == [0.5, -1, 3e9]
    feature = read(example.BYTES_LIST, example.message(1, b"a") + example.message(1, b"bc"))
    assert [end - start for start, end in feature.spans] == [1, 2]


@pytest.mark.parametrize(
    "data",
    [
        b"\x0a\x05\x0a",  # longer than there is
        b"\x0a\x04\x0a\x02\x0a\x7f",
        b"\x08\x01",  # a field that an Example has not
        b"\x0a\x02\x0b\x00",  # a group, of long ago
        b"\x0a" + b"\xff" * 11,
        b"\x00\x00",
    ],
)
def test_bytes_that_are_no_example_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        example.features_of(data)


def test_records_are_walked_as_far_as_they_are_whole() -> None:
    made = example.message(1, example.entry("a", 5) + example.entry("b", b"text" * 100))
    assert len(plain_fields(plain_fields(made)[0][1])) == 2
    walked = records.walk(record(made) * 3 + b"\x01", 0, 3 * len(record(made)) + 1, 10)
    assert walked.lengths.tolist() == [len(made)] * 3
    features = example.features_of(made)
    assert features["a"].numbers is not None
    assert features["a"].numbers.tolist() == [5]
    ((start, end),) = features["b"].spans
    assert made[start:end] == b"text" * 100
