"""TFRecord files of strangers: what is in them, past what is damaged, and what is said about it."""

from __future__ import annotations

import gzip
import io
import json
import random
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tfrecord_fixtures import example, record, sequence, tensor, write

from core.formats.tfrecord import records as layout
from core.inspect import schemas
from core.inspect.candidate import UnidentifiedFile
from core.inspect.contents import content_of
from core.inspect.contents.tensor_proto import tensor_in
from core.inspect.kinds import identify
from core.inspect.records import Records
from core.inspect.sharded import ShardedFile
from core.inspect.tfrecord import detect, stream
from core.inspect.tfrecord.file import TfRecordFile

GREY = np.arange(30, dtype=np.uint8).reshape(5, 6) * 8


def picture(format: str = "PNG", grey: int = 0) -> bytes:
    made = io.BytesIO()
    Image.fromarray(np.stack([GREY + np.uint8(grey)] * 3, axis=2)).save(made, format)
    return made.getvalue()


def opened(path: Path) -> tuple[TfRecordFile, Records]:
    assert identify(path).kind == "tfrecord"
    file = TfRecordFile(path)
    while (walked := file.index_step(5.0))[0] < walked[1]:
        pass
    return file, schemas.understand(file)[1]


def found(file: Any, records: Any) -> dict[str, str]:
    return {one.kind: one.where for one in (*file.findings, *records.findings)}


def slim(count: int, first: int = 0) -> Iterator[bytes]:
    for number in range(count):
        yield example(image__encoded=picture(), image__format="PNG", image__class__label=first + number % 3)


def test_examples_of_tf_slim(tmp_path: Path) -> None:
    path = write(tmp_path / "train-00000-of-00002", slim(6))
    file, records = opened(path)
    assert (len(records), records.key(4), records.find("4"), records.find("6")) == (6, "4", 4, None)
    read = records.read(4)
    np.testing.assert_array_equal(read.pixels, np.stack([GREY] * 3, axis=2))
    assert (read.label, read.image_name, read.encoding) == (1, "image/encoded", "png")
    assert read.fields is not None
    assert read.fields["image/format"] == "PNG"
    assert read.stored_bytes == path.stat().st_size // 6
    assert "image/encoded" in records.why
    assert found(file, records) == {}


def test_bare_pixels_beside_their_size(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 256, (20, 12, 3), np.uint8)
    for names in (("height", "width", "depth"), ("image/height", "image/width", "image/channels")):
        sizes = dict(zip(names, image.shape, strict=True))
        path = write(tmp_path / "a.tfrecords", [example(image_raw=image.tobytes(), label=3, **sizes)])
        record = opened(path)[1].read(0)
        np.testing.assert_array_equal(record.pixels, image)
        assert record.label == 3


def test_boxes_and_names_of_things_are_fields(tmp_path: Path) -> None:
    made = example(
        image__encoded=picture("JPEG"),
        image__object__bbox__xmin=[0.25, 0.5],
        image__object__class__label=[3, 4],
        image__object__class__text=["cat", "dog"],
    )
    record = opened(write(tmp_path / "coco.record", [made]))[1].read(0)
    assert record.fields is not None
    assert record.fields["image/object/bbox/xmin"] == [0.25, 0.5]
    assert record.fields["image/object/class/label"] == [3, 4]
    assert record.fields["image/object/class/text"] == ["cat", "dog"]
    assert (record.label, record.image_name) == (None, "image/encoded")


def test_steps_of_a_sequence_are_images_of_one_record(tmp_path: Path) -> None:
    made = sequence({"id": "film"}, {"image/encoded": [picture(grey=0), picture(grey=9)], "label": [4, 5]})
    record = opened(write(tmp_path / "films.tfrecord", [made] * 2))[1].read(1)
    assert record.image_name == "image/encoded[0]"
    assert [image.name for image in record.images] == ["image/encoded[1]"]
    assert record.fields is not None
    assert (record.fields["id"], record.fields["label"]) == ("film", [4, 5])


def test_serialised_tensors_are_the_arrays_that_they_are(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 256, (9, 8, 3)).astype("<i4")
    proto = tensor(image, 3)
    file, records = opened(write(tmp_path / "t.tfrecord", [example(image=proto, id="a")]))
    record = records.read(0)
    assert (record.shape, record.dtype) == ((9, 8, 3), "int32")
    assert record.pixels is not None
    assert record.pixels.shape == (9, 8, 3)
    assert found(file, records)["serialised-tensor"] == "the feature image"
    np.testing.assert_array_equal(tensor_in(proto), image)
    assert content_of(proto).kind == "tensor_proto"


@pytest.mark.parametrize(
    ("proto", "expected"),
    [
        (b"\x08\x01\x12\x04\x12\x02\x08\x02\x2a\x08" + np.array([1.5, 2], "<f4").tobytes(), [1.5, 2]),
        (b"\x08\x03\x12\x04\x12\x02\x08\x04\x3a\x02\x07\x08", [7, 8, 8, 8]),
        (b"\x08\x0e\x12\x04\x12\x02\x08\x01\x22\x02\x80\x3f", [1.0]),
        (b"\x08\x07\x12\x04\x12\x02\x08\x02\x42\x01a\x42\x02bc", [b"a", b"bc"]),
        (b"\x08\x03\x12\x04\x12\x02\x08\x04\x22\x03abc", None),  # not as long as it says
        (b"\x08\x04\x12\x07\x12\x05\x08\xff\xff\xff\x7f\x3a\x01\x01", None),  # 268 million numbers from one
        (b"\x08\x63\x12\x00", None),
    ],
)
def test_tensors_in_every_way_of_writing(proto: bytes, expected: Any) -> None:
    array = tensor_in(proto)
    assert (array.tolist() if isinstance(array, np.ndarray) else array) == expected


def test_what_tfds_says_beside_is_taken(tmp_path: Path) -> None:
    kinds = {"digit": "image_feature.Image", "kind": "class_label_feature.ClassLabel", "other": "tensor_feature.Tensor"}
    told = {name: {"pythonClassName": f"tensorflow_datasets.core.features.{kind}"} for name, kind in kinds.items()}
    (tmp_path / "features.json").write_text(json.dumps({"featuresDict": {"features": told}}))
    (tmp_path / "kind.labels.txt").write_text("zero\none\n")
    path = write(tmp_path / "set-train.tfrecord-00000-of-00001", [example(digit=picture(), kind=1, label=7)])
    _, records = opened(path)
    assert records.classes == ["zero", "one"]
    assert (records.read(0).label, records.read(0).image_name) == (1, "digit")
    assert "features.json" in records.why
    for lengths, told in ((["1"], []), (["3"], ["record-count"]), (["1", "2"], []), ([{}], []), (None, [])):
        splits = {"splits": [{"name": "train", "shardLengths": lengths}]}
        (tmp_path / "dataset_info.json").write_text(json.dumps(splits))
        assert list(found(*opened(path))) == told


@pytest.mark.parametrize("wrap", [gzip.compress, zlib.compress])
def test_compressed_files_are_told_by_their_bytes(tmp_path: Path, wrap: Any) -> None:
    path = tmp_path / "train-00000-of-00002"
    path.write_bytes(wrap(b"".join(map(record, slim(5)))))
    file, records = opened(path)
    assert [records.label(index) for index in range(5)] == [0, 1, 2, 0, 1]
    assert records.read(4).pixels is not None
    assert list(found(file, records)) == ["compression-unnamed"]


def test_gzip_without_an_ending_and_damaged_gzip(tmp_path: Path) -> None:
    noise = random.Random(0)
    parts = [example(data=noise.randbytes(3000), label=number) for number in range(40)]
    whole = gzip.compress(b"".join(map(record, parts)))
    path = tmp_path / "a.gz"
    path.write_bytes(whole[:-30_100])
    file, records = opened(path)
    kinds = found(file, records)
    assert {"gzip-unfinished", "truncated"} <= set(kinds)
    assert 25 < len(records) < 40
    assert records.label(len(records) - 1) == len(records) - 1
    path.write_bytes(whole[:60_000] + b"\xff" * 40_000 + whole[100_000:])
    file, records = opened(path)
    assert "compression-damaged" in found(file, records)
    assert 10 < len(records) < 25


def test_members_of_gzip_and_places_far_apart(tmp_path: Path) -> None:
    noise = random.Random(1)
    parts = [example(data=noise.randbytes(60_000), label=number) for number in range(60)]
    data = b"".join(map(record, parts))
    memory = memoryview(gzip.compress(data[:1_000_000], 1) + gzip.compress(data[1_000_000:], 1) + bytes(100))
    inflated = stream.InflatedStream(memory, stream.GZIP)
    for start in (3_000_000, 10, 999_990, 3_500_000, 2_000_000, len(data) - 5):
        assert inflated.read(start, 20_000) == data[start : start + 20_000]
    assert (inflated.size, inflated.damage, inflated.unfinished) == (len(data), None, False)
    assert len(inflated._states) == 4


def test_cut_changed_and_lost_bytes_are_told_apart(tmp_path: Path) -> None:
    parts = [example(data=bytes([number]) * 400, label=number) for number in range(10)]
    whole = b"".join(map(record, parts))
    size = len(record(parts[0]))
    path = tmp_path / "a-00000-of-00002"

    path.write_bytes(whole[:-20])
    file, records = opened(path)
    assert found(file, records) == {"truncated": f"the record at byte {9 * size:,}, 20 bytes are missing"}
    assert len(records) == 9

    changed = bytearray(whole)
    changed[3 * size + 100] ^= 1
    path.write_bytes(changed)
    file, records = opened(path)
    assert (len(records), found(file, records)) == (10, {})
    assert [one.where for one in records.read(3).findings] == [f"record 3 at byte {3 * size:,}"]
    assert "checksum" in (records.read(3).problem or "")
    assert records.read(4).findings == ()

    changed = bytearray(whole)
    changed[3 * size + 1] ^= 4  # the length
    path.write_bytes(changed)
    file, records = opened(path)
    assert found(file, records) == {"length-damaged": f"from byte {3 * size:,} to {4 * size:,}"}
    assert [records.label(index) for index in range(len(records))] == [0, 1, 2, 4, 5, 6, 7, 8, 9]

    changed = bytearray(whole)
    changed[3 * size + 9] ^= 4  # the checksum of the length
    path.write_bytes(changed)
    file, records = opened(path)
    assert found(file, records) == {"length-crc-wrong": f"the record at byte {3 * size:,}"}
    assert len(records) == 10

    path.write_bytes(whole + bytes(5000))
    file, records = opened(path)
    assert (len(records), found(file, records)) == (10, {"zeros-at-end": f"from byte {10 * size:,} on"})


def test_zeros_are_no_records(tmp_path: Path) -> None:
    parts = [record(one) for one in slim(4)]
    for name, data in (
        ("a-0-of-2", b"".join([*parts, bytes(4800), *parts])),
        ("b.gz", gzip.compress(parts[0] + bytes(4800))),
    ):
        (tmp_path / name).write_bytes(data)
        file, records = opened(tmp_path / name)
        assert len(records) == (8 if name == "a-0-of-2" else 1)
        assert list(found(file, records)) == ["length-damaged"]


def test_a_writer_without_checksums(tmp_path: Path) -> None:
    data = b"".join(len(one).to_bytes(8, "little") + bytes(4) + one + bytes(4) for one in slim(4))
    (tmp_path / "a-00000-of-00002").write_bytes(data)
    file, records = opened(tmp_path / "a-00000-of-00002")
    assert len(records) == 4
    assert list(found(file, records)) == ["length-crc-wrong"]
    assert records.read(1).pixels is not None


def test_a_file_whose_first_header_is_damaged_is_still_known(tmp_path: Path) -> None:
    whole = bytearray(b"".join(map(record, slim(5))))
    whole[2] ^= 0x40
    (tmp_path / "a-0-of-2").write_bytes(whole)
    file, records = opened(tmp_path / "a-0-of-2")
    assert len(records) == 4
    assert list(found(file, records)) == ["length-damaged"]


def test_labels_from_1_and_one_file_for_all_workers(tmp_path: Path) -> None:
    file, records = opened(write(tmp_path / "all.tfrecord", slim(9, first=1)))
    assert set(found(file, records)) == {"labels-from-1", "one-file"}
    file, records = opened(write(tmp_path / "other.tfrecord", slim(9)))
    assert set(found(file, records)) == {"one-file"}
    for number in range(3):
        write(tmp_path / f"part_{number}.tfrecord", slim(9, first=1))
    file, records = opened(tmp_path / "part_1.tfrecord")
    assert found(file, records) == {}


def test_labels_of_a_set_are_looked_at_together(tmp_path: Path) -> None:
    paths = [
        write(tmp_path / f"train-0000{number}-of-00002", [example(image=picture(), label=label)] * 4)
        for number, label in enumerate((1, 2))
    ]

    def of_set() -> list[str]:
        file = ShardedFile("tfrecord", tmp_path, paths)
        while (walked := file.index_step(5.0))[0] < walked[1]:
            pass
        return [one.kind for one in file.understood(None)[1].findings]

    assert of_set() == ["labels-from-1"]
    write(paths[1], [example(image=picture(), label=label) for label in (0, 2, 2)])
    assert of_set() == []


def test_what_is_said_and_what_is_there(tmp_path: Path) -> None:
    made = [example(image__encoded=picture("JPEG"), image__format="jpeg", image__class__label=0)] * 3
    made.append(example(image__encoded=picture("PNG"), image__format="JPG", image__class__label=0))
    made.append(example(image__encoded=picture("JPEG"), image__format="jpeg"))
    file, records = opened(write(tmp_path / "a-0-of-2", made))
    kinds = found(file, records)
    assert kinds == {"declared-format": "record 3", "feature-missing": "record 4 has no image/class/label"}
    assert [one.kind for one in records.read(3).findings] == ["declared-format"]
    assert "a png file" in records.read(3).findings[0].meaning


def test_records_of_other_bytes(tmp_path: Path) -> None:
    _, records = opened(write(tmp_path / "a.rec", [picture(), b"some words", b'{"label": 3}']))
    np.testing.assert_array_equal(records.read(0).pixels, np.stack([GREY] * 3, axis=2))
    assert records.read(1).fields == {"record": "some words"}


def test_a_walk_goes_on_from_what_was_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.inspect.tfrecord.file.AT_ONCE", 4)
    path = write(tmp_path / "a-0-of-2", slim(11))
    file = TfRecordFile(path)
    assert file.index_step(0)[0] < path.stat().st_size
    assert len(file) == 4
    other = TfRecordFile(path)
    other.use_index(file.index_arrays())
    while (walked := other.index_step(1e-9))[0] < walked[1]:
        pass
    assert [other.start(index) for index in range(11)] == [opened(path)[0].start(index) for index in range(11)]
    done = TfRecordFile(path)
    done.use_index(other.index_arrays())
    assert done.index_step(0) == (path.stat().st_size,) * 2


def test_an_index_that_was_changed_leads_nowhere_wrong(tmp_path: Path) -> None:
    path = write(tmp_path / "a-0-of-2", slim(5))
    file, _ = opened(path)
    sound = {name: np.array(array) for name, array in file.index_arrays().items()}
    outside = sound | {"starts": sound["starts"] + 10**9}
    back = sound | {"starts": sound["starts"][::-1].copy()}
    for arrays in (outside, back, sound | {"state": sound["state"][:3]}, {}):
        with pytest.raises((ValueError, KeyError)):
            TfRecordFile(path).use_index(arrays)
    moved = TfRecordFile(path)
    moved.use_index(sound | {"starts": sound["starts"] + 1})
    moved.index_step(0)
    with pytest.raises(ValueError, match="beyond"):
        moved.record(0)


def test_bytes_that_are_no_tfrecord(tmp_path: Path) -> None:
    for number, data in enumerate(
        (b"\x0a" * 50, bytes(100), gzip.compress(b"words" * 100), random.Random(0).randbytes(5000))
    ):
        path = tmp_path / str(number)
        path.write_bytes(data)
        with UnidentifiedFile(path) as candidate:
            assert not detect.has_checksum(candidate)
            assert not detect.may_be_damaged(candidate)


def test_mangled_files_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    plain = b"".join(map(record, slim(30)))
    draw, seen = random.Random(0), 0
    for number in range(90):
        data = bytearray(plain if number % 2 else gzip.compress(plain))
        for _ in range(draw.choice([1, 4, 30])):
            data[draw.randrange(len(data))] = draw.randrange(256)
        if number % 3 == 0:
            del data[draw.randrange(20, len(data)) :]
        path = tmp_path / f"{number}-of-2"
        path.write_bytes(data)
        file = TfRecordFile(path)
        steps = 0
        while (walked := file.index_step(5.0))[0] < walked[1]:
            steps += 1
            assert steps < 100
        records = schemas.understand(file)[1]
        for index in range(len(records)):
            try:
                records.read(index)
            except ValueError:
                continue
            seen += 1
    assert seen > 900


def test_headers_are_found_wherever_they_stand() -> None:
    data = random.Random(0).randbytes(300) + layout.header_of(77) + bytes(9)
    assert layout.headers_in(np.frombuffer(data, np.uint8)).tolist() == [300]
    assert layout.headers_in(np.frombuffer(data[:11], np.uint8)).tolist() == []
