"""Records that are taken away whole: images as files or as their own numbers, typed fields, splits that files say."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from export_checks import check_export, exported
from hdf5_fixtures import IMAGES, PNGS
from lmdb_fixtures import COUNT, LABELS, PICTURES, encoded, write, write_databases
from test_inspect_fields import Listed, image_file
from test_inspect_tar import tar

from core.base.errors import InputError
from core.inspect.export import ExportChoice, RecordExport
from core.inspect.export_request import ExportedRecord, ExportRequest, ListedRecord, RecordListRequest
from core.inspect.field_values import field_value
from core.inspect.opened_file import OpenedFile
from core.inspect.splits import split_in_key, split_in_name


def answered(opened: OpenedFile, request: Any) -> Any:
    fields, blobs = request.answer(opened)
    return request.decode(json.loads(json.dumps(fields)), [bytes(blob) for blob in blobs])


def hdf5(path: Path, **arrays: Any) -> OpenedFile:
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file[name.replace("__", "/")] = values
    return OpenedFile("hdf5", str(path), None)


def smooth(dtype: Any, top: float, bands: int = 1) -> np.ndarray:
    """Pictures (12, 24, 32, bands) up to `top`."""
    grey = IMAGES[:, :, :, :1].astype(np.float64) / 255 * top
    return np.concatenate([grey * (band + 1) / bands for band in range(bands)], axis=3).astype(dtype)


@pytest.mark.parametrize(
    "values",
    [smooth(np.uint16, 1000), smooth(np.float32, 0.3), smooth(np.int16, 900) - 300, smooth(np.uint8, 9)],
    ids=["uint16", "float32", "int16", "dark uint8"],
)
def test_numbers_are_those_of_the_file(values: np.ndarray, tmp_path: Path) -> None:
    """The picture of each is stretched for display; an import has a range of its own."""
    opened = hdf5(tmp_path / "made.h5", images=values, labels=np.arange(12) % 3)
    shown = opened.records.read(4).pixels
    one = answered(opened, ExportRequest([4]))[0]
    assert shown is not None
    assert (one.image.dtype, one.label) == (values.dtype, 1)
    assert np.array_equal(one.image, values[4])


def test_masks_stay_bools(tmp_path: Path) -> None:
    masks = smooth(np.uint8, 255)[:, :, :, 0] > 120
    one = answered(hdf5(tmp_path / "made.h5", images=masks), ExportRequest([2]))[0]
    assert one.image.dtype == np.bool_
    assert np.array_equal(one.image[:, :, 0], masks[2])


def test_bands_are_chosen_as_the_picture_is(tmp_path: Path) -> None:
    values = smooth(np.uint16, 3000, 13)
    opened = hdf5(tmp_path / "made.h5", sen2=values)
    assert np.array_equal(answered(opened, ExportRequest([1]))[0].image, values[1][:, :, [3, 2, 1]])
    assert np.array_equal(answered(opened, ExportRequest([1], bands=[8, 4, 3]))[0].image, values[1][:, :, [8, 4, 3]])
    assert opened.file.choice.bands is None


def test_a_file_in_a_value_stays_that_file(tmp_path: Path) -> None:
    """Nothing is decoded and written again; what is broken in it is found by whoever decodes it."""
    jpeg = encoded(PICTURES[0], "jpeg")
    values = [jpeg, pickle.dumps((jpeg, 3)), jpeg[:200], b"no image at all, but text"]
    opened = OpenedFile(
        "lmdb", str(write(tmp_path / "made", {b"%d" % n: v for n, v in enumerate(values)}) / "data.mdb"), None
    )
    first, pair, cut, text = answered(opened, ExportRequest(range(4)))
    assert (first.image, pair.image, pair.label, cut.image) == (jpeg, jpeg, 3, jpeg[:200])
    assert text.image is None
    assert "no image" in (text.problem or "")


def test_answers_are_bounded_and_ordered(tmp_path: Path) -> None:
    opened = hdf5(tmp_path / "made.h5", images=IMAGES)
    found = answered(opened, ExportRequest([7, 2, 5, 1], most_bytes=2 * IMAGES[0].nbytes))
    assert [one.index for one in found] == [7, 2]
    assert [one.key for one in answered(opened, RecordListRequest(3, 5))] == ["images[3]", "images[4]"]


# ---------------------------------------------------------------- fields


def test_fields_are_whole_and_typed() -> None:
    boxes, vector = np.arange(8.0).reshape(2, 4), np.arange(100, dtype=np.float32)
    row = {
        "jpg": image_file(200, "JPEG"), "mask.png": image_file(1, mode="L"), "cls": 3, "txt": "x" * 5000,
        "boxes": boxes, "vector": vector, "json": {"a": [1, None], "b": "c"}, "width": np.int32(8),
        "score": float("nan"), "raw": b"\xff\xfe\x00\x01", "tags": ["a", "b"], "list": [1.5, 2.5],
    }  # fmt: skip
    records = Listed([row] * 3)
    one = exported(records.file, records, 1)
    assert (one.label, one.image, one.images) == (3, row["jpg"], {"mask.png": row["mask.png"]})
    assert set(one.fields) == row.keys() - {"jpg", "mask.png", "cls"}
    assert np.array_equal(one.fields["boxes"], boxes)
    assert np.array_equal(one.fields["vector"], vector)
    assert one.fields["vector"].dtype == np.float32
    assert (one.fields["txt"], one.fields["json"], one.fields["width"]) == ("x" * 5000, {"a": [1, None], "b": "c"}, 8)
    assert np.isnan(one.fields["score"])
    assert one.fields["raw"].tolist() == [255, 254, 0, 1]
    assert one.fields["tags"] == ["a", "b"]
    assert one.fields["list"].tolist() == [1.5, 2.5]


def test_image_and_label_can_be_chosen() -> None:
    rows = [{"left": image_file(9), "right": image_file(7), "label": 1, "json": {"kind": "owl"}, "part": "valid"}] * 2
    records = Listed(rows)
    one = exported(records.file, records, 0, image="right", label="json.kind", split="part")
    assert (one.image, one.images, one.label, one.split) == (rows[0]["right"], {"left": rows[0]["left"]}, "owl", "val")
    assert "label" in one.fields
    assert "its images: left, right" in (exported(records.file, records, 0, image="depth").problem or "")
    with pytest.raises(InputError, match=r"'colour'.*its fields are left"):
        exported(records.file, records, 0, label="colour")


@pytest.mark.parametrize(
    ("label", "told"),
    [(0.25, 0.25), (np.array([0.5, 1.5]), [0.5, 1.5]), (np.array([1, 0, 1]), [1, 0, 1]), ([3, 4], [3, 4])],
)
def test_a_label_that_is_no_class_comes_in_full(label: Any, told: Any) -> None:
    records = Listed([{"image": image_file(9), "label": label}] * 2)
    one = exported(records.file, records, 0)
    assert isinstance(one.label, str)
    assert np.array_equal(one.label_value, told)


def test_labels_of_hdf5_that_are_no_class(tmp_path: Path) -> None:
    many = np.eye(12, 5, dtype=np.uint8) | np.eye(12, 5, 1, dtype=np.uint8)
    one = answered(hdf5(tmp_path / "many.h5", images=IMAGES, labels=many), ExportRequest([1]))[0]
    assert one.label_value.tolist() == [0, 1, 1, 0, 0]
    lines = np.array([[f"a {n}", f"b {n}"] for n in range(12)], "S8")
    one = answered(hdf5(tmp_path / "text.h5", images=IMAGES, captions=lines), ExportRequest([3]))[0]
    assert one.label_value == ["a 3", "b 3"]


def test_what_lies_beside_the_image_in_a_pickle_is_a_field(tmp_path: Path) -> None:
    value = {"image": PICTURES[0], "label": 2, "shape": PICTURES[0].shape, "box": [1.0, 2.0], "name": "cat"}
    path = write(tmp_path / "made", {b"%d" % n: pickle.dumps(value) for n in range(4)}) / "data.mdb"
    opened = OpenedFile("lmdb", str(path), None)
    one = answered(opened, ExportRequest([0]))[0]
    check_export(one, "0", 2, PICTURES[0])
    assert (set(one.fields), one.fields["name"]) == ({"box", "name"}, "cat")


def test_words_beside_a_class_are_a_field(tmp_path: Path) -> None:
    opened = hdf5(tmp_path / "made.h5", images=IMAGES, labels=np.arange(12) % 3, text=np.array([b"a cat"] * 12))
    one = answered(opened, ExportRequest([4]))[0]
    assert (one.label, one.fields) == (1, {"text": "a cat"})


def test_values_beyond_numbers_and_text() -> None:
    assert field_value(2**70) == str(2**70)
    assert field_value([[1, 2], [3]]) == [[1, 2], [3]]
    assert field_value({b"k": np.arange(2), "n": float("inf")}) == {"k": [0, 1], "n": None}
    assert field_value(np.array(["a", "b"])) == ["a", "b"]
    assert field_value(b"text\0") == "text"


# ---------------------------------------------------------------- splits


def splits_of(opened: OpenedFile) -> list[str | None]:
    return [one.split for one in answered(opened, RecordListRequest(0, len(opened.records)))]


def test_splits_by_the_names_of_datasets(tmp_path: Path) -> None:
    opened = hdf5(tmp_path / "made.h5", train__images=IMAGES[:4], test__images=IMAGES[4:7], valid__images=IMAGES[7:9])
    found = splits_of(opened)
    assert {split: found.count(split) for split in set(found)} == {"train": 4, "test": 3, "val": 2}
    assert splits_of(hdf5(tmp_path / "none.h5", images=IMAGES[:3], labels=np.arange(3))) == [None] * 3


def test_splits_by_lists_of_demonstrations(tmp_path: Path) -> None:
    opened = hdf5(
        tmp_path / "made.h5", data__demo_0__obs__cam_image=IMAGES[:3], data__demo_1__obs__cam_image=IMAGES[3:5],
        data__demo_2__obs__cam_image=IMAGES[5:6], mask__train=np.array([b"demo_0"]), mask__valid=np.array([b"demo_1"]),
        mask__20_percent=np.array([b"demo_2"]),
    )  # fmt: skip
    assert splits_of(opened) == ["train"] * 3 + ["val"] * 2 + [None]


def test_splits_by_the_names_of_shards(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("train-00000.tar", "train-00001.tar", "val-00000.tar")]
    for number, path in enumerate(paths):
        tar(path, [(f"{number}a.png", PNGS[number]), (f"{number}a.cls", b"1")])
    opened = OpenedFile("tar", str(tmp_path), None, [str(path) for path in paths])
    assert splits_of(opened) == ["train", "train", "val"]


def test_splits_by_a_field() -> None:
    rows = [{"image": image_file(9), "split": split} for split in ("train", "Validation", "test", None)]
    records = Listed(rows)
    assert [exported(records.file, records, n).split for n in range(4)] == ["train", "val", "test", None]
    others = Listed([{"image": image_file(9), "split": n} for n in range(3)])
    assert exported(others.file, others, 0).split is None


def test_splits_by_names() -> None:
    names = ("train.tfrecord", "t10k-images-idx3-ubyte.gz", "cifar_valid_01.h5", "contrast.h5", "train_vs_test.h5")
    assert [split_in_name(name) for name in names] == ["train", "test", "val", None, None]
    assert [split_in_key(key) for key in ("train/cat/1.jpg", "cat/test/2.jpg", "train.jpg")] == ["train", "test", None]


# ---------------------------------------------------------------- one after the other


def test_records_come_past_those_that_kill_the_reader(tmp_path: Path) -> None:
    """The file is cut short while the reader has it mapped: pages behind the end end the process."""
    made = write(tmp_path / "made", {b"%04d" % n: encoded(PICTURES[n % COUNT]) * 3 for n in range(60)}) / "data.mdb"
    found = []
    for one in RecordExport(made, None).records(range(60)):
        if not found:
            with made.open("r+b") as cut:
                cut.truncate(made.stat().st_size // 2)
        found.append(one)
    assert sum(one.problem is None for one in found) > 0
    assert {one.index for one in found} | {-1} == {*range(60)} | {-1}


def test_a_database_is_listed_and_exported(tmp_path: Path) -> None:
    path = write_databases(
        tmp_path / "made",
        {b"train": {b"%d" % n: encoded(PICTURES[n]) for n in range(4)}, b"val": {b"9": encoded(PICTURES[9])}},
    )
    export = RecordExport(path, "sub:val", ExportChoice())
    assert list(export.listed(1)) == [(0, ListedRecord("9"))]
    (one,) = export.records([0])
    assert isinstance(one, ExportedRecord)
    check_export(one, "9", None, PICTURES[9])
    assert len(LABELS) == COUNT
