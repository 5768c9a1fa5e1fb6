"""Tar archives of samples as strangers write them: records, labels, what is wrong with them, and hostile ones."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import random
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from format_contract import write as write_store
from inspect_fixtures import Hostile
from PIL import Image

from core.base.errors import InputError
from core.inspect.files import open_inspected
from core.inspect.kinds import identify
from core.inspect.records import UNREADABLE
from core.inspect.search import Wanted, matching
from core.inspect.tar.file import TarFile
from core.inspect.tar.records import TarRecords

Members = Sequence[tuple[str, bytes]]


def png(value: int = 200, size: tuple[int, int] = (4, 4), kind: str = "PNG") -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, (value,) * 3).save(made, kind)
    return made.getvalue()


def tar(path: Path, members: Members, form: int = tarfile.PAX_FORMAT) -> Path:
    with tarfile.open(path, "w", format=form) as file:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    return path


def records_in(path: Path, index: dict[str, Any] | None = None) -> TarRecords:
    file = TarFile(path)
    if index is not None:
        file.use_index(index)
    while len(set(file.index_step(1.0))) > 1:
        pass
    return TarRecords(file)


def kinds_of(records: TarRecords) -> dict[str, int]:
    return {finding.kind: finding.count for finding in records.findings}


def pair(key: str, label: int) -> Members:
    return [(f"{key}.png", png(label)), (f"{key}.cls", b"%d" % label)]


def test_a_record_is_a_key_with_all_its_images_and_fields(tmp_path: Path) -> None:
    members = []
    for number in range(3):
        key = f"train/{number:04d}"
        facts = json.dumps({"boxes": [[0, 0, 2, 2]]}).encode()
        members += [(f"{key}.jpg", png(90, (8, 6), "JPEG")), (f"{key}.mask.png", png(1)), (f"{key}.cls", b"7\n")]
        members += [(f"{key}.txt", "ein Käfer".encode()), (f"{key}.json", facts)]
    records = records_in(tar(tmp_path / "a.tar", members))
    assert [records.key(index) for index in range(3)] == ["train/0000", "train/0001", "train/0002"]
    record = records.read(1)
    assert (record.image_name, record.encoding, record.shape, record.label) == ("jpg", "jpeg", (6, 8, 3), 7)
    assert [image.name for image in record.images] == ["mask.png"]
    assert record.fields is not None
    assert {name: record.fields[name] for name in ("cls", "txt", "json")} == {
        "cls": 7,
        "txt": "ein Käfer",
        "json": {"boxes": [[0, 0, 2, 2]]},
    }
    assert record.stored_bytes == 5 * 1024 + (512 if len(record.payload) > 512 else 0)
    assert records.numbers().tolist() == [7, 7, 7]  # type: ignore[union-attr]
    assert records.find("train/0002") == 2
    assert records.find("train/000") is None
    assert matching(records, None, Wanted("0001", "contains"), 0, 60, 10)[0].tolist() == [1]
    assert kinds_of(records) == {"dotted-names": 3}
    structure = records.file.structure()
    assert (structure["members"], structure["records"]) == (15, 3)
    assert structure["types"] == [{"type": "files", "members": 15}]
    assert structure["endings"][0] == {"ending": "jpg", "members": 3}
    size = len(members[1][1])
    listed = {"name": "train/0000.mask.png", "type": "files", "header_at": 1536, "bytes": size}
    assert structure["first_members"][1] == listed
    assert structure["read_cost"]["random_reads"] == 1


def test_interleaved_members_are_whole_samples_and_told(tmp_path: Path) -> None:
    members = [("0.png", png(10)), ("1.png", png(20)), ("0.cls", b"0"), ("1.cls", b"1")]
    records = records_in(tar(tmp_path / "e01.tar", members))
    assert [(records.key(index), records.read(index).label) for index in range(2)] == [("0", 0), ("1", 1)]
    assert kinds_of(records) == {"interleaved": 2}
    assert "4 samples of the 2" in records.findings[0].meaning


def test_names_with_several_dots_are_told_and_read_as_they_are_meant(tmp_path: Path) -> None:
    members = [("train.v1/22.05.png", png()), ("train.v1/22.05.cls", b"3"), ("train.v1/22.06.PNG", png()),
               ("train.v1/22.06.cls", b"4")]  # fmt: skip
    records = records_in(tar(tmp_path / "e02.tar", members))
    assert [(records.key(index), records.read(index).label) for index in range(2)] == [
        ("train.v1/22.05", 3),
        ("train.v1/22.06", 4),
    ]
    assert kinds_of(records) == {"dotted-names": 4, "field-case": 1}
    assert "'05.png' of sample 'train.v1/22' (first dot)" in records.findings[0].meaning
    assert "1 sample of 2" in records.findings[0].meaning
    assert "a guess" in records.why
    pairs = [(f"{number}.{side}.png", png()) for number in range(5) for side in ("left", "right")]
    records = records_in(tar(tmp_path / "pairs.tar", pairs))
    assert (len(records), records.field_names) == (5, ["left.png", "right.png"])


def test_what_comes_twice_is_two_records(tmp_path: Path) -> None:
    members = [*pair("a", 1), *pair("b", 2), *pair("a", 3), *pair("A", 4)]
    records = records_in(tar(tmp_path / "a.tar", members))
    assert [(records.key(index), records.label(index)) for index in range(4)] == [
        ("a", 1), ("b", 2), ("a (2)", 3), ("A", 4),
    ]  # fmt: skip
    assert [records.find(key) for key in ("a", "a (2)", "A", "c")] == [0, 2, 3, None]
    assert kinds_of(records) == {"duplicate-keys": 1, "key-case": 1}
    twice = [("a.png", png()), ("a.png", png())]
    assert kinds_of(records_in(tar(tmp_path / "b.tar", twice))) == {"duplicate-keys": 1}


def test_samples_without_image_notes_and_hidden_members(tmp_path: Path) -> None:
    members = [("__meta__", b"{}"), ("._0.png", b"x"), ("README", b"r"), *pair("0", 1), *pair("1", 2)]
    members += [("2.cls", b"3")]
    records = records_in(tar(tmp_path / "a.tar", members))
    assert len(records) == 3
    assert kinds_of(records) == {"notes": 1, "no-ending": 1, "no-image": 1}
    assert next(finding.where for finding in records.findings if finding.kind == "no-image") == "2.cls"
    assert [finding.kind for finding in records.read(2).findings] == ["no-image"]


def test_pickled_fields_are_plain_data_and_never_executed(tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    members = [("0.png", png()), ("0.pyd", pickle.dumps({"age": 3})), ("1.png", png()),
               ("1.pyd", pickle.dumps(Hostile(marker)))]  # fmt: skip
    records = records_in(tar(tmp_path / "a.tar", members))
    assert records.read(0).fields["pyd"] == {"age": 3}  # type: ignore[index]
    assert "not opened" in records.read(1).fields["pyd"]  # type: ignore[index]
    assert not marker.exists()
    assert kinds_of(records) == {"pickled-fields": 2}


def test_links_devices_and_sparse_members_are_listed_and_never_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(png())
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as file:
        for name, kind in (("0.png", tarfile.SYMTYPE), ("1.png", tarfile.LNKTYPE), ("2.png", tarfile.CHRTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, str(tmp_path / "secret.png")
            file.addfile(info)
        info = tarfile.TarInfo("3.png")
        info.size, info.pax_headers = 3, {"GNU.sparse.name": "3.png"}
        file.addfile(info, io.BytesIO(b"abc"))
        info = tarfile.TarInfo("4.png")
        info.size = len(png())
        file.addfile(info, io.BytesIO(png()))
    records = records_in(path)
    assert [records.key(index) for index in range(len(records))] == ["4"]
    assert kinds_of(records) == {"links": 2, "devices": 1, "sparse": 1}
    types = {row["type"]: row["members"] for row in records.file.structure()["types"]}
    assert types == {"files": 1, "hard links": 1, "links": 1, "devices": 1, "sparse files": 1}


def test_a_cut_archive_shows_what_is_there_and_says_where(tmp_path: Path) -> None:
    path = tar(tmp_path / "a.tar", [part for number in range(5) for part in pair(f"{number}", number)])
    data = path.read_bytes()
    path.write_bytes(data[: 6 * 1024 + 540])
    records = records_in(path)
    assert len(records) == 3
    assert [(one.kind, one.where) for one in records.findings] == [("truncated", "byte 6,144")]
    path.write_bytes(data[: 6 * 1024])
    assert kinds_of(records_in(path)) == {"no-end-mark": 1}
    path.write_bytes(data + data)
    records = records_in(path)
    assert (len(records), kinds_of(records)) == (5, {"behind-the-end": 1})


def test_members_behind_a_damaged_header_are_shown(tmp_path: Path) -> None:
    path = tar(tmp_path / "a.tar", [part for number in range(6) for part in pair(f"{number}", number)])
    data = bytearray(path.read_bytes())
    data[4 * 1024 + 3] ^= 1  # the header of 2.png
    path.write_bytes(data)
    records = records_in(path)
    assert [records.key(index) for index in range(6)] == ["0", "1", "2", "3", "4", "5"]
    assert {one.kind: one.where for one in records.findings} == {"damaged": "bytes 4,096 to 5,120", "no-image": "2.cls"}
    again = records_in(path, records.tar.index_arrays())
    assert kinds_of(again) == kinds_of(records)
    data[5 * 1024 :] = bytes(len(data) - 5 * 1024)
    data[5 * 1024 :: 512] = b"x" * len(data[5 * 1024 :: 512])
    path.write_bytes(data)
    records = records_in(path)
    assert [(one.kind, one.where) for one in records.findings] == [("damaged", "byte 4,096")]
    assert len(records) == 2


@pytest.mark.parametrize("ending", ["gz", "zst", "bz2", "xz"])
def test_compressed_archives_are_read_too_and_a_cut_one_in_part(tmp_path: Path, ending: str) -> None:
    plain = tar(tmp_path / "a.tar", [part for number in range(40) for part in pair(f"{number}", number)]).read_bytes()
    pack = {
        "gz": gzip.compress,
        "zst": zstandard.ZstdCompressor().compress,
        "bz2": bz2.compress,
        "xz": lzma.compress,
    }[ending]
    path = tmp_path / "without_name"
    path.write_bytes(pack(plain[:20_480]) + pack(plain[20_480:]))
    assert identify(path).kind == "tar"
    records = records_in(path)
    assert [records.read(index).label for index in range(40)] == list(range(40))
    assert records.findings == []
    path.write_bytes(path.read_bytes()[:-20])
    assert {"not-read", "no-end-mark", "truncated"} & kinds_of(records_in(path)).keys()


def test_what_is_compressed_and_no_archive_stays_what_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(bytes(range(256)) * 20))
    with pytest.raises(InputError, match="gzip-compressed"):
        identify(path)


def test_only_so_much_is_decompressed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.inspect.tar.source.MOST_DECOMPRESSED", 6_000)
    plain = tar(tmp_path / "a.tar", [part for number in range(40) for part in pair(f"{number}", number)]).read_bytes()
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(plain))
    records = records_in(tmp_path / "a.tar.gz")
    assert len(records) == 3
    assert {"not-read", "truncated"} <= kinds_of(records).keys()


def test_few_archives_are_held_decompressed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.inspect.tar import source

    source._held.clear()
    plain = tar(tmp_path / "a.tar", [part for number in range(4) for part in pair(f"{number}", number)]).read_bytes()
    monkeypatch.setattr(source, "MOST_DECOMPRESSED", len(plain) + 1)
    monkeypatch.setattr(source, "MOST_HELD", 3 * len(plain))
    for number in range(6):
        (tmp_path / f"{number}.tar.gz").write_bytes(gzip.compress(plain, mtime=number))
    opened = [records_in(tmp_path / f"{number}.tar.gz") for number in range(6)]
    assert len(source._held) == 2
    assert [records.read(3).label for records in opened] == [3] * 6
    assert len(source._held) == 2


def test_a_kept_index_is_used_and_a_changed_one_refused(tmp_path: Path) -> None:
    path = tar(tmp_path / "a.tar", [part for number in range(30) for part in pair(f"{number}", number)])
    whole = records_in(path)
    arrays = whole.tar.index_arrays()
    again = records_in(path, arrays)
    assert [again.key(index) for index in range(30)] == [whole.key(index) for index in range(30)]
    assert again.read(3).label == 3
    assert again.file.structure() == whole.file.structure()
    for name, array in arrays.items():
        if name == "state" or not len(array):
            continue
        changed = array.copy()
        changed[len(changed) // 2] = changed.dtype.type(-1) if changed.dtype.kind == "i" else 0xFFFF & 255
        try:
            for index in range(30):
                records_in(path, arrays | {name: changed}).read(index)
        except UNREADABLE:
            continue


def test_a_walk_goes_on_from_what_was_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.inspect.tar.file.BATCH", 8)
    path = tar(tmp_path / "a.tar", [part for number in range(30) for part in pair(f"{number}", number)])
    file = TarFile(path)
    file.index._members.append(file.index._walk.step())
    file.index._noted.append(file.index._notes.of(file.index._members[0], file.memory))
    file.index.told = file.index._as_told()
    assert len(TarRecords(file)) == 4
    again = records_in(path, file.index_arrays())
    assert [again.label(index) for index in range(30)] == list(range(30))


def test_our_shards_have_their_classes_and_a_folder_is_one(tmp_path: Path) -> None:
    folder = write_store(tmp_path, "webdataset", {"shards": 3}, [png(number) for number in range(9)])
    with open_inspected(folder) as file:
        summary = file.summary()
        assert summary["entries"] == 9
        assert summary["classes"] == ["ant", "bee", "cow"]
        assert summary["keys"][0] == "train-000000.tar:00000000"
        assert summary["findings"] == []
        assert [file.sample(index).about["label"] for index in range(9)] == [0, 1, 2] * 3


def test_shards_with_the_same_keys_are_told(tmp_path: Path) -> None:
    for number in range(3):
        tar(tmp_path / f"{number:05d}.tar", [*pair("same", 0), *pair(f"own{number}", 1)])
    with open_inspected(tmp_path) as file:
        findings = {finding["kind"]: finding["where"] for finding in file.summary()["findings"]}
    assert findings == {"duplicate-keys": "same"}


def test_img2dataset_lists_downloads_that_failed(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    tar(tmp_path / "00000.tar", pair("000000000", 1))
    status = ["success", "failed_to_download", "failed_to_resize"]
    pq.write_table(pa.table({"key": ["0", "1", "2"], "status": status}), tmp_path / "00000.parquet")
    records = records_in(tmp_path / "00000.tar")
    assert kinds_of(records) == {"failed-downloads": 2}
    (tmp_path / "00000_stats.json").write_text('{"count": 3, "successes": 2}')
    assert kinds_of(records_in(tmp_path / "00000.tar")) == {"failed-downloads": 1}


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_mangled_archives_raise_nothing_else(tmp_path: Path, form: int) -> None:
    names = ["0", "1", "dir/" * 40 + "long", "3.x", "é"]
    whole = tar(tmp_path / "whole.tar", [part for name in names for part in pair(name, 3)], form).read_bytes()
    draw = random.Random(form)
    shown = 0
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(draw.choice([1, 8, 100])):
            data[draw.randrange(len(data))] = draw.randrange(256)
        path = tmp_path / "mangled.tar"
        path.write_bytes(data[: draw.randrange(512, len(data))])
        try:
            if identify(path).kind != "tar":
                continue
            records = records_in(path)
            assert records.file.structure()["members"] >= len(records)
        except UNREADABLE:
            continue
        for index in range(len(records)):
            try:
                records.find(records.read(index).key)
                records.label(index)
                shown += 1
            except UNREADABLE:
                continue
    assert shown > 20


def test_a_label_is_the_number_in_its_member_and_nothing_else(tmp_path: Path) -> None:
    values = {
        b"7": 7,
        b" 7": 7,
        b"7 \n": 7,
        b"-3": -3,
        b"cat": "cat",
        b"": None,
        b"123456789012345678": 123456789012345678,
    }
    members = []
    for number, value in enumerate(values):
        members += [(f"{number}.png", png()), (f"{number}.cls", value)]
    records = records_in(tar(tmp_path / "a.tar", members))
    assert [records.label(index) for index in range(len(values))] == list(values.values())
    assert [records.read(index).label for index in range(len(values))] == list(values.values())
    assert records.numbers() is None
    other = [("0.png", png()), ("0.cls", b"1"), ("0.class", b"5"), ("0.left.cls", b"9")]
    records = records_in(tar(tmp_path / "other.tar", other))
    assert (records.label(0), records.read(0).label, records.numbers()) == (5, 5, None)
    assert np.array_equal(records_in(tar(tmp_path / "b.tar", pair("0", 255))).numbers(), [255])
