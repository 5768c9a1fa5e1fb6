"""Where the labels of an LMDB come from: what a value states first, then entries that hold labels, keys last, and only
where they look like classes. And which entries are no samples."""

from __future__ import annotations

import json
import pickle
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lmdb_fixtures import COUNT, LABELS, PICTURES, SQUARES, datum, encoded, packed, tf_example, write, write_databases

from core.inspect.contents import CONTENTS
from core.inspect.lmdb.file import LmdbFile
from core.inspect.lmdb.key_classes import in_keys
from core.inspect.records import Records
from core.inspect.schemas import understand

PNGS = [encoded(image) for image in PICTURES]
ALL = range(COUNT)


def opened(path: Path) -> Records:
    return understand(LmdbFile(path / "data.mdb"))[1]


def labels_of(records: Records) -> list[Any]:
    """By themselves and with their records, which must agree."""
    found = [records.label(index) for index in range(len(records))]
    assert found == [records.read(index).label for index in range(len(records))]
    return found


STATED = {
    "datum": lambda index: datum(PICTURES[index], LABELS[index]),
    "msgpack": lambda index: packed([PNGS[index], LABELS[index]]),
    "pickled dict": lambda index: pickle.dumps({"image": PICTURES[index], "label": LABELS[index]}),
    "pickled tuple": lambda index: pickle.dumps((PNGS[index], LABELS[index])),
    "example": lambda index: tf_example(PNGS[index], LABELS[index]),
}


@pytest.mark.parametrize("kind", STATED)
@pytest.mark.parametrize("key", ["%08d_img/%d.jpg", "class%d/%d.png", "cat/%d_%d.png"])
def test_what_a_value_states_comes_before_its_key(tmp_path: Path, kind: str, key: str) -> None:
    items = {(key % (index % 3 if "class" in key else index, index)).encode(): STATED[kind](index) for index in ALL}
    records = opened(write(tmp_path / "made", items))
    by_key = dict(zip(items, LABELS, strict=True))
    assert labels_of(records) == [by_key[records.key(index).encode()] for index in ALL]
    assert "folder" not in records.why


def test_what_a_value_states_comes_before_an_entry_with_labels(tmp_path: Path) -> None:
    items = {b"%04d" % index: STATED["pickled tuple"](index) for index in ALL}
    items[b"labels"] = np.arange(100, 100 + COUNT).astype("<i8").tobytes()
    assert labels_of(opened(write(tmp_path / "made", items))) == LABELS
    bare = {b"%04d" % index: PNGS[index] for index in ALL} | {b"labels": items[b"labels"]}
    assert labels_of(opened(write(tmp_path / "bare", bare))) == list(range(100, 100 + COUNT))


@pytest.mark.parametrize("form", ["json", "pickle", "lines", "stems", "metadata"])
def test_labels_by_their_keys_in_one_entry(tmp_path: Path, form: str) -> None:
    """In another order than the records', and of more keys than there are."""
    items = {b"a/%04d.png" % index: PNGS[index] for index in ALL}
    told = {key.decode(): label for key, label in reversed(list(zip(items, LABELS, strict=True)))} | {"gone.png": 9}
    items[{"metadata": b"__meta__"}.get(form, b"labels")] = {
        "json": json.dumps(told).encode(),
        "pickle": pickle.dumps(told),
        "lines": "\n".join(f"{key} {label}" for key, label in told.items()).encode(),
        "stems": json.dumps({key[2:-4]: label for key, label in told.items()}).encode(),
        "metadata": json.dumps({"labels": LABELS}).encode(),
    }[form]
    assert labels_of(opened(write(tmp_path / "made", items))) == LABELS


def test_as_many_classes_as_records_are_no_labels(tmp_path: Path) -> None:
    names = [f"class {index}" for index in ALL]
    items = {b"%04d" % index: PNGS[index] for index in ALL} | {b"classes": json.dumps(names).encode()}
    assert labels_of(opened(write(tmp_path / "made", items))) == [None] * COUNT


def test_bytes_before_pixels_are_a_guess_that_anything_else_overrules(tmp_path: Path) -> None:
    items = {b"%04d" % index: bytes([LABELS[index]]) + SQUARES[index].tobytes() for index in ALL}
    assert labels_of(opened(write(tmp_path / "guessed", items))) == LABELS
    items = {b"%s/%04d" % (b"cat" if index < 5 else b"dog", index): value for index, value in enumerate(items.values())}
    assert labels_of(opened(write(tmp_path / "keyed", items))) == ["cat"] * 5 + ["dog"] * (COUNT - 5)


@pytest.mark.parametrize(
    ("keys", "labels"),
    [
        ([f"{'cat' if n < 4 else 'dog'}/{n}.jpg" for n in range(9)], {"cat", "dog"}),
        ([f"train/{'cat' if n < 4 else 'dog'}/{n}.jpg" for n in range(9)], {"cat", "dog"}),
        ([f"{'cat' if n < 4 else 'dog'}/images/{n}.jpg" for n in range(9)], {"cat", "dog"}),
        ([f"n0144{n // 3}764/x_{n}.JPEG" for n in range(9)], {"n01440764", "n01441764", "n01442764"}),
        ([f"{n // 3}/{n}.png" for n in range(9)], {"0", "1", "2"}),
        ([f"{('001.Albatross', '002.Gull')[n // 5]}/{n}.png" for n in range(9)], {"001.Albatross", "002.Gull"}),
        ([f"class_{n // 3:03d}/{n}.png" for n in range(9)], {f"class_{n:03d}" for n in range(3)}),
        ([f"c{n // 3}/img_{n}.jpg" for n in range(9)], {"c0", "c1", "c2"}),
        ([f"S_{n // 3:03d}/rgb_left/{n}" for n in range(9)], None),
        ([f"{'cat' if n < 4 else 'dog'}\\{n}.jpg" for n in range(9)], {"cat", "dog"}),
        (["apple/1.jpg", "pear/1.jpg", "plum/1.jpg"], {"apple", "pear", "plum"}),
        ([f"{'Pasture' if n < 4 else 'SeaLake'}_{n}" for n in range(9)], {"Pasture", "SeaLake"}),
        ([f"{n:08d}_img/{n}.jpg" for n in range(9)], None),
        ([f"{'train' if n < 6 else 'val'}/{n}.jpg" for n in range(9)], None),
        ([f"{n // 3:03d}/{n % 3:08d}" for n in range(9)], None),
        ([f"{n // 3:05d}/{n // 2:04d}/im{n}" for n in range(9)], None),
        ([f"video_{n // 3}/frame_{n % 3:04d}.png" for n in range(9)], None),
        ([f"patient{n // 3:03d}/{n}.png" for n in range(9)], None),
        ([f"{'images' if n < 4 else 'masks'}/{n}.png" for n in range(9)], None),
        ([f"{'left' if n < 4 else 'right'}/{n}.png" for n in range(9)], None),
        ([f"{'LR' if n < 4 else 'HR'}_{n}" for n in range(9)], None),
        ([f"{'left' if n < 4 else 'right'}_{n}" for n in range(9)], None),
        ([f"img_{n}" for n in range(9)], None),
        ([f"{n}.png" for n in range(9)], None),
        ([f"only/{n}.png" for n in range(9)], None),
    ],
)
def test_folders_that_look_like_classes(keys: list[str], labels: set[str] | None) -> None:
    found = in_keys([key.encode() for key in keys])
    assert (None if found is None else {found.label(0, key.encode()) for key in keys}) == labels


def test_labels_in_keys_are_told(tmp_path: Path) -> None:
    items = {b"%s/%04d" % (b"cat" if index < 5 else b"dog", index): PNGS[index] for index in ALL}
    records = opened(write(tmp_path / "folders", items))
    assert labels_of(records) == ["cat"] * 5 + ["dog"] * (COUNT - 5)
    assert "each label is the last folder of the path that is the key" in records.why
    items = {b"%s_%d" % (b"Pasture" if index < 5 else b"Forest", index): PNGS[index] for index in ALL}
    records = opened(write(tmp_path / "words", items))
    assert set(labels_of(records)) == {"Pasture", "Forest"}
    assert "which is a guess" in records.why


# ---------------------------------------------------------------- shapes beside, labels of several parts


@pytest.mark.parametrize("form", ["json", "text", "pickle", "binary"])
@pytest.mark.parametrize("key", ["%d%s", "%05d/%s", "img-%d-%s"])
def test_shapes_in_entries_of_their_own(tmp_path: Path, form: str, key: str) -> None:
    write_shape = {
        "json": lambda shape: json.dumps(shape).encode(),
        "text": lambda shape: ",".join(map(str, shape)).encode(),
        "pickle": pickle.dumps,
        "binary": lambda shape: struct.pack("<3i", *shape),
    }[form]
    images = [PICTURES[index][: 20 - index % 3] for index in ALL]
    items = {b"count": b"%d" % COUNT}
    for index, image in enumerate(images):
        parts = ("", "_shape", "_label") if key == "%d%s" else ("image", "shape", "label")
        names = [(key % (index, part)).encode() for part in parts]
        items |= dict(zip(names, (image.tobytes(), write_shape(image.shape), b"%d" % LABELS[index]), strict=True))
    records = opened(write(tmp_path / "made", items))
    assert len(records) == COUNT
    assert labels_of(records) == LABELS
    for index, image in enumerate(images):
        assert np.array_equal(records.read(index).pixels, image)


def test_a_type_in_an_entry_of_its_own(tmp_path: Path) -> None:
    images = [PICTURES[index][:, :, 0].astype(np.uint16) * 200 for index in ALL]
    items: dict[bytes, bytes] = {}
    for index, image in enumerate(images):
        items[b"%04d" % index] = image.tobytes()
        items[b"%04d_shape" % index], items[b"%04d_dtype" % index] = b"[20, 24]", b"uint16"
    records = opened(write(tmp_path / "made", items))
    assert [records.read(index).dtype for index in range(len(records))] == ["uint16"] * COUNT
    assert labels_of(records) == [None] * COUNT


def test_a_label_that_is_a_number_beside_measurements(tmp_path: Path) -> None:
    """TorchSig's (class, signal to noise), under the same keys in a database of labels."""
    images = {b"%d" % index: PNGS[index] for index in ALL}
    labels = {b"%d" % index: pickle.dumps((LABELS[index], 10.0)) for index in ALL}
    made = write_databases(tmp_path / "made", {b"data": images, b"label": labels})
    assert labels_of(opened(made)) == LABELS


@pytest.mark.parametrize(
    "facts",
    [
        {b"shape": b"20,24,3", b"dtype": b"uint8"},
        {b"__shape__": pickle.dumps((20, 24, 3))},
        {b"__meta__": json.dumps({"shape": [20, 24, 3], "classes": ["a", "b", "c", "d", "e"]}).encode()},
        {b"meta_info": packed({"height": 20, "width": 24, "channels": 3, "dtype": "uint8"})},
    ],
)
@pytest.mark.parametrize("packing", [bytes, zlib.compress])
def test_a_shape_that_is_stated_for_all_entries(
    tmp_path: Path, facts: dict[bytes, bytes], packing: Callable[[bytes], bytes]
) -> None:
    items = {b"%05d" % index: packing(image.tobytes()) for index, image in enumerate(PICTURES)}
    records = opened(write(tmp_path / "made", items | facts))
    assert len(records) == COUNT
    assert packing is not bytes or "20 x 24 x 3 of uint8" in records.why
    assert all(np.array_equal(records.read(index).pixels, image) for index, image in enumerate(PICTURES))
    assert labels_of(records) == [None] * COUNT
    assert records.classes == (["a", "b", "c", "d", "e"] if b"__meta__" in facts else None)


def test_masks_beside_images_are_no_samples(tmp_path: Path) -> None:
    masks = [encoded((image[:, :, 0] > 90).astype(np.uint8), mode="L") for image in PICTURES]
    items = {b"image_%d" % index: PNGS[index] for index in ALL} | {b"mask_%d" % index: masks[index] for index in ALL}
    records = opened(write(tmp_path / "made", items))
    assert (len(records), labels_of(records)) == (COUNT, [None] * COUNT)
    assert "entries like mask_* belong to the images too" in records.warnings[0]
    views = {b"left_%d" % index: PNGS[index] for index in ALL} | {b"right_%d" % index: PNGS[index] for index in ALL}
    assert len(opened(write(tmp_path / "views", views))) == 2 * COUNT


# ---------------------------------------------------------------- entries that are no samples

BOOKS = {
    b"__order__": pickle.dumps([b"1", b"2"]),
    b"keys": json.dumps(["1", "2"]).encode(),
    b"protocol": b"4",
    b"num-samples": b"13",
    b"nb_samples": b"13",
    b"__len__": pickle.dumps(COUNT),
    b"class_map": json.dumps({"cat": 0, "dog": 1}).encode(),
    b"split": b"train",
    b"checksums": pickle.dumps([1, 2, 3]),
    b"__anything__": b"x" * 50,
}


def test_entries_that_keep_the_books_are_no_samples(tmp_path: Path) -> None:
    items = {b"%04d" % index: PNGS[index] for index in ALL}
    for number, (key, value) in enumerate(BOOKS.items()):
        records = opened(write(tmp_path / f"one{number}", items | {key: value}))
        assert (len(records), records.find(key.decode())) == (COUNT, None), key
    assert len(opened(write(tmp_path / "all", items | BOOKS))) == COUNT


def test_an_image_under_such_a_key_is_a_sample(tmp_path: Path) -> None:
    """Where entries are called by words, as products and people are, a word is no sign of anything."""
    names = [b"apple", b"date", b"map", b"index", b"plum", b"pear"]
    records = opened(write(tmp_path / "made", dict(zip(names, PNGS, strict=False))))
    assert [records.key(index) for index in range(len(records))] == sorted(name.decode() for name in names)


def test_a_kind_of_value_needs_no_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One module with `read`, and one line: what it finds is listed with the plain data."""
    from core.inspect.contents import Content, _readers

    def read(value: bytes) -> Content | None:
        if not value.startswith(b"NEW!"):
            return None
        return Content("brand_new", "new", value, PICTURES[value[4]], PICTURES[0].shape, label=value[4], is_image=True)

    monkeypatch.setitem(CONTENTS, "brand_new", "new things")  # type: ignore[arg-type]
    monkeypatch.setitem(_readers, "brand_new", read)
    monkeypatch.setattr("core.inspect.schemas.lmdb_kinds.Objects.kinds", ("brand_new",))
    name, records = understand(LmdbFile(write(tmp_path / "made", {b"%d" % n: b"NEW!%c" % n for n in ALL}) / "data.mdb"))
    assert (name, len(records)) == ("objects", COUNT)
    assert "new things" in records.why


def test_binary_keys_that_are_no_integer_keys_are_counted_up(tmp_path: Path) -> None:
    """struct.pack("<I", 256) sorts right after that of 0."""
    items = {struct.pack("<I", number): pickle.dumps((PNGS[number % COUNT], number % 7)) for number in range(300)}
    records = opened(write(tmp_path / "made", items))
    assert [records.key(index) for index in (0, 1, 255, 256, 299)] == ["0", "1", "255", "256", "299"]
    assert [records.label(index) for index in range(300)] == [number % 7 for number in range(300)]
    assert records.find("256") == 256
    assert np.array_equal(records.read(256).pixels, PICTURES[256 % COUNT])
