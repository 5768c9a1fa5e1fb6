"""RecordIO files, as MXNet and InsightFace write them, by their layout."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.read_only_files import MAGIC, image_record, record, write_recordio
from core.base.errors import InputError
from core.inspect.kinds import identify
from core.inspect.recordio.file import RecordIoFile
from core.inspect.records import Finding, Records
from core.inspect.schemas import understand

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 8, 9, 3), np.uint8)


def png(number: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(PIXELS[number]).save(file, "PNG")
    return file.getvalue()


def opened(path: Path) -> tuple[RecordIoFile, str, Records]:
    assert identify(path).kind == "recordio"
    file = RecordIoFile(path)
    while (progress := file.index_step(1))[0] < progress[1]:
        pass
    return file, *understand(file)


def kinds(findings: list[Finding]) -> list[str]:
    return [finding.kind for finding in findings]


def simple(path: Path, keys: range | None = range(6)) -> Path:
    return write_recordio(path, [image_record(png(n), n % 3, n) for n in range(6)], keys)


def test_images_labels_and_keys_come_from_the_header_and_the_index(tmp_path: Path) -> None:
    file, schema, records = opened(simple(tmp_path / "some.name", range(100, 106)))
    assert (schema, len(records), records.key(2), records.find("105")) == ("recordio-images", 6, "102", 5)
    assert records.find("99") is None
    record = records.read(4)
    assert record.label == records.label(4) == 1
    assert np.array_equal(record.pixels, PIXELS[4])
    assert record.fields is not None
    assert record.fields["id"] == 4
    assert file.findings == []
    assert file.structure()["index"] == "some.idx"
    assert "MXNet's header" in records.why


def test_without_an_index_the_file_is_walked_through(tmp_path: Path) -> None:
    file, _, records = opened(simple(tmp_path / "a.rec", None))
    assert [records.key(n) for n in range(6)] == [*"012345"]
    assert kinds(file.findings) == ["index-missing"]
    kept = RecordIoFile(tmp_path / "a.rec")
    kept.use_index(file.index_arrays())
    assert kept.index_step(0) == (kept.path.stat().st_size,) * 2
    assert np.array_equal(kept.starts, file.starts)
    wrong = {**file.index_arrays(), "starts": np.array([8, 4], np.uint64)}
    with pytest.raises(ValueError, match="another file"):
        kept.use_index(wrong)


def test_a_record_with_the_magic_number_in_it_is_put_together_again(tmp_path: Path) -> None:
    payload = b"abcd" + MAGIC + b"efgh" + MAGIC + MAGIC + b"tail!"
    assert record(payload).count(MAGIC) == 4  # the first part, and one for each that was cut out
    whole = image_record(b"\xff\xd8\xff" + bytes(21) + payload, 7, 1)
    file, _, records = opened(write_recordio(tmp_path / "a.rec", [whole, image_record(png(0), 1, 2)]))
    assert len(records) == 2
    assert file.payload(0) == whole
    assert records.read(0).payload == whole[24:]


def test_a_record_of_very_many_parts_is_walked_through_once(tmp_path: Path) -> None:
    payload = image_record(b"\xff\xd8\xff\xe0" + MAGIC * 10_000, 7, 1)
    file, _, records = opened(write_recordio(tmp_path / "a.rec", [payload, image_record(png(1), 1, 2)]))
    assert len(records) == 2
    assert file.payload(0) == payload
    assert np.array_equal(records.read(1).pixels, PIXELS[1])


def test_a_record_whose_last_part_is_missing_costs_itself(tmp_path: Path) -> None:
    cut = record(b"abcd" + MAGIC + b"efgh")[:12]  # its first part
    (tmp_path / "a.rec").write_bytes(cut + record(image_record(png(1), 1, 2)) + cut)
    file, _, records = opened(tmp_path / "a.rec")
    assert kinds(file.findings) == ["index-missing", "damaged", "truncated"]
    assert file.findings[1].where == "bytes 0 to 12"
    assert len(records) == 3
    assert np.array_equal(records.read(1).pixels, PIXELS[1])
    with pytest.raises(ValueError, match=r"parts are missing|no record begins"):
        records.read(0)


@pytest.mark.parametrize("spoiled", ["0\t0\n1\t5\n", "0\t0\n1\t4000000\n", "0\t0\n", "no numbers\there\n", ""])
def test_an_index_that_is_stale_is_told_and_not_used(tmp_path: Path, spoiled: str) -> None:
    path = simple(tmp_path / "a.rec")
    path.with_suffix(".idx").write_text(spoiled)
    file, _, records = opened(path)
    assert kinds(file.findings) == ["index-stale"]
    assert len(records) == 6
    assert np.array_equal(records.read(5).pixels, PIXELS[5])


def test_several_labels_and_boxes(tmp_path: Path) -> None:
    boxes = [2, 5, 3, 0.1, 0.2, 0.5, 0.6, 1, 0, 0, 1, 1]
    payloads = [image_record(png(0), [4, 0.5], 0), image_record(png(1), boxes, 1), image_record(png(2), [6], 2)]
    _, _, records = opened(write_recordio(tmp_path / "a.rec", payloads))
    two, things, one = (records.read(index) for index in range(3))
    assert two.fields is not None
    assert two.fields["label"] == [4, 0.5]
    assert one.label == 6
    assert things.label is None
    assert things.fields is not None
    assert things.fields["classes"] == [3, 1]
    assert things.fields["boxes"][1] == [0, 0, 1, 1]
    assert np.array_equal(things.pixels, PIXELS[1])


def test_labels_that_are_no_numbers_of_a_class(tmp_path: Path) -> None:
    payloads = [image_record(png(0), [1e30, float("nan")], 0), image_record(png(1), [float("inf")], 1)]
    _, _, records = opened(write_recordio(tmp_path / "a.rec", payloads))
    assert [isinstance(records.label(index), str | None) for index in range(2)] == [True, True]
    assert np.array_equal(records.read(0).pixels, PIXELS[0])


def insightface(path: Path, said: int = 5) -> Path:
    images = [image_record(png(n), [70 + n // 2, 0], n + 1) for n in range(4)]
    identities = [image_record(b"", [first, first + 2], number) for number, first in ((5, 1), (6, 3))]
    return write_recordio(path, [image_record(b"", [said, 7], 0), *images, *identities], range(7))


def test_insightfaces_first_record_and_identities_are_no_samples(tmp_path: Path) -> None:
    file, _, records = opened(insightface(tmp_path / "train.rec"))
    assert [records.key(n) for n in range(len(records))] == [*"1234"]
    assert "identities" in records.why
    assert [records.label(n) for n in range(4)] == [70, 70, 71, 71] == [records.read(n).label for n in range(4)]
    assert np.array_equal(records.read(3).pixels, PIXELS[3])
    assert records.findings == file.findings == []
    _, _, wrong = opened(insightface(tmp_path / "wrong.rec", 4))
    assert kinds(wrong.findings) == ["identities-differ"]


def test_a_record_without_an_image_is_told(tmp_path: Path) -> None:
    payloads = [image_record(png(0), 1, 0), image_record(b"", 2, 1), image_record(png(2), 1, 2)]
    _, _, records = opened(write_recordio(tmp_path / "a.rec", payloads))
    empty = records.read(1)
    assert kinds([*empty.findings]) == ["no-image"]
    assert empty.problem
    assert empty.label == 2


def test_damage_costs_its_own_records(tmp_path: Path) -> None:
    path = simple(tmp_path / "a.rec", None)
    data, starts = bytearray(path.read_bytes()), RecordIoFile(path)
    starts.index_step(1)
    third = int(starts.starts[2])
    data[third : third + 4] = b"oops"
    path.write_bytes(bytes(data[:-20]))
    file, _, records = opened(path)
    assert kinds(file.findings) == ["index-missing", "damaged", "truncated"]
    assert len(records) == 4
    assert np.array_equal(records.read(2).pixels, PIXELS[3])
    assert file.findings[1].where.startswith(f"bytes {third:,} to")


def test_lengths_that_lead_out_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.rec").write_bytes(MAGIC + struct.pack("<I", (1 << 29) - 1) + bytes(40))
    file, _, records = opened(tmp_path / "a.rec")
    assert len(records) == 0
    assert kinds(file.findings) == ["index-missing", "truncated"]
    flag = struct.pack("<IfQQ", 1 << 30, 0, 0, 0) + png(0)
    _, schema, records = opened(write_recordio(tmp_path / "b.rec", [flag]))
    assert schema == "recordio"
    assert len(records) == 1
    (tmp_path / "c.rec").write_bytes(MAGIC)
    with pytest.raises(InputError):
        identify(tmp_path / "c.rec")


def test_names_from_the_list_beside(tmp_path: Path) -> None:
    path = simple(tmp_path / "a.rec")
    lines = [f"{n}\t{n % 3 + (n == 4)}\tdir/{n}.png\n" for n in range(6)]
    path.with_suffix(".lst").write_text("".join(lines))
    _, _, records = opened(path)
    first, other = records.read(0), records.read(4)
    assert first.fields is not None
    assert first.fields["path"] == "dir/0.png"
    assert first.findings == ()
    assert kinds([*other.findings]) == ["label-differs"]
    assert other.label == 1


def test_records_of_anything_are_shown_as_what_they_are(tmp_path: Path) -> None:
    file, schema, records = opened(write_recordio(tmp_path / "a.rec", [b"a line of text"] * 3, range(3)))
    assert schema == "recordio"
    assert records.read(1).label is None
    assert records.read(1).pixels is None
    assert records.read(1).fields == {"data": "a line of text"}
    assert file.warnings() == []
