"""Every layout of LMDB that is known, made as its tools make it: entries, keys, labels, pixels against the truth."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from export_checks import check_export, exported
from inspect_fixtures import Hostile
from lmdb_fixtures import (
    COUNT,
    LABELS,
    PICTURES,
    SQUARES,
    caffe2,
    caffe2_raw,
    datum,
    datum_encoded,
    datum_of_floats,
    encoded,
    npy,
    packed,
    tf_example,
    write,
    write_databases,
)
from PIL import Image
from place_checks import check_places, in_process

from core.base.events import finish
from core.inspect import inspect_file
from core.inspect.files import open_inspected
from core.inspect.lmdb.file import LmdbFile
from core.inspect.records import Records
from core.inspect.schemas import understand
from core.inspect.search import Wanted
from core.inspect.task import Scan

PNGS = [encoded(image) for image in PICTURES]
WORDS = [f"word {label}" for label in LABELS]
ALL = range(COUNT)


def check(path: Path, schema: str, keys: list[str], labels: list[Any], images: list[np.ndarray] = PICTURES) -> Records:
    """The file is read as this schema and holds these samples, in this order. In this process: the files are ours."""
    name, records = understand(LmdbFile(path / "data.mdb"))
    assert (name, len(records)) == (schema, len(keys)), records.why
    assert [records.label(index) for index in range(len(keys))] == labels
    for index, key in enumerate(keys):
        record = records.read(index)
        assert (record.key, record.label, record.problem) == (key, labels[index], None)
        assert np.array_equal(record.pixels, images[index]), key
        assert (record.stored_bytes or 0) >= len(record.payload) > 0
        assert records.find(key) == index
        check_export(exported(records.file, records, index), key, labels[index], images[index])
    check_places(in_process("lmdb", path / "data.mdb"), path / "data.mdb", images, labels)
    assert records.find("nobody") is None
    return records


def digits(pattern: str) -> list[str]:
    return [pattern % index for index in ALL]


def test_crnn(tmp_path: Path) -> None:
    items = {b"num-samples": str(COUNT).encode()}
    for index in ALL:
        items[b"image-%09d" % (index + 1)] = PNGS[index]
        items[b"label-%09d" % (index + 1)] = WORDS[index].encode()
    records = check(write(tmp_path / "made", items), "crnn", [f"image-{index + 1:09d}" for index in ALL], WORDS)
    assert "num-samples" in records.why
    assert records.warnings == []


def test_crnn_with_a_sample_missing(tmp_path: Path) -> None:
    items = {b"num-samples": b"3"}
    for index in (1, 2):
        items[b"image-%09d" % index], items[b"label-%09d" % index] = PNGS[index], b"7"
    about = inspect_file(write(tmp_path / "made", items), key="image-000000002")
    assert (about["entries"], about["sample"]["label"]) == (2, 7)
    assert any("3 samples" in warning for warning in about["warnings"])


def test_lsun(tmp_path: Path) -> None:
    webp = [encoded(image, "webp") for image in PICTURES]
    items = {hashlib.sha1(data).hexdigest().encode(): data for data in webp}
    about = inspect_file(write(tmp_path / "made", items), index=3)
    assert (about["schema"], about["entries"], about["sample"]["encoding"]) == ("lsun", COUNT, "webp")
    assert about["sample"]["key"] == sorted(key.decode() for key in items)[3]


def test_stylegan2(tmp_path: Path) -> None:
    items = {b"16-%05d" % index: PNGS[index] for index in ALL} | {b"length": str(COUNT).encode()}
    check(write(tmp_path / "made", items), "stylegan2", digits("16-%05d"), [None] * COUNT)


def test_basicsr(tmp_path: Path) -> None:
    path = write(tmp_path / "gt.lmdb", {b"%04d" % index: PNGS[index] for index in ALL})
    lines = [f"{index:04d}.png (20,24,3) 1\n" for index in ALL]
    (path / "meta_info.txt").write_text("".join(lines))
    assert "meta_info.txt" in check(path, "basicsr", digits("%04d"), [None] * COUNT).why
    (path / "meta_info.txt").write_text("".join([*lines, "gone.png (20,24,3) 1\n"]))
    assert any("gone" in warning for warning in inspect_file(path)["warnings"])


def test_paths_with_the_class_in_the_folder(tmp_path: Path) -> None:
    keys = sorted(f"train/class{LABELS[index]}/{index:03d}.png" for index in ALL)
    numbers = [int(key[-7:-4]) for key in keys]
    items = {key.encode(): PNGS[number] for key, number in zip(keys, numbers, strict=True)}
    labels = [f"class{LABELS[number]}" for number in numbers]
    check(write(tmp_path / "made", items), "paths", keys, labels, [PICTURES[number] for number in numbers])


def test_tensorpack_arrays(tmp_path: Path) -> None:
    items = {b"%08d" % index: packed([PICTURES[index], LABELS[index]]) for index in ALL}
    items[b"__keys__"] = packed(list(items))
    check(write(tmp_path / "made", items), "tensorpack", digits("%08d"), LABELS)


def test_tensorpack_encoded(tmp_path: Path) -> None:
    """ImageNet's recipe keeps the file's bytes as a vector."""
    items = {b"%08d" % i: packed([np.frombuffer(PNGS[i], np.uint8), LABELS[i]]) for i in ALL}
    items[b"__keys__"] = packed(list(items))
    check(write(tmp_path / "made", items), "tensorpack", digits("%08d"), LABELS)


def test_msgpack_refuses_arrays_of_objects(tmp_path: Path) -> None:
    hostile = {
        b"nd": True,
        b"type": "|O",
        b"kind": b"O",
        b"shape": [1],
        b"data": pickle.dumps(Hostile(tmp_path / "marker")),
    }
    told = finish(Scan(str(write(tmp_path / "made", {b"%08d" % i: packed([hostile, 1]) for i in ALL}))).run())
    assert len(told["bad"]) == COUNT
    assert "refused" in told["bad"][0]["reason"]
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_efficient_pytorch(protocol: int, tmp_path: Path) -> None:
    """Its keys have no leading zeros: the order is that of the numbers, as its own reader has it."""
    items = {str(index).encode(): pickle.dumps((PNGS[index], LABELS[index]), protocol) for index in ALL}
    items[b"__keys__"] = pickle.dumps([str(index).encode() for index in ALL], protocol)
    items[b"__len__"] = pickle.dumps(COUNT, protocol)
    check(write(tmp_path / "made", items), "efficient-pytorch", digits("%d"), LABELS)


def test_efficient_pytorch_in_msgpack(tmp_path: Path) -> None:
    """Its first bytes look like an image with a header, and behind the image stands the label."""
    items = {str(index).encode(): packed([PNGS[index], LABELS[index]]) for index in ALL}
    items |= {b"__keys__": packed([str(index).encode() for index in ALL]), b"__len__": packed(COUNT)}
    check(write(tmp_path / "made", items), "efficient-pytorch", digits("%d"), LABELS)


def test_efficient_pytorch_hostile(tmp_path: Path) -> None:
    items = {str(index).encode(): pickle.dumps((Hostile(tmp_path / "marker"), 0)) for index in ALL}
    items |= {b"__keys__": pickle.dumps(list(items)), b"__len__": pickle.dumps(COUNT)}
    told = finish(Scan(str(write(tmp_path / "made", items))).run())
    assert (told["entries"], len(told["bad"])) == (COUNT, COUNT)
    assert "system" in told["bad"][0]["reason"]
    assert not (tmp_path / "marker").exists()


# ---------------------------------------------------------------- kinds of values


VALUES: dict[str, tuple[str, Callable[[int], bytes], list[np.ndarray]]] = {
    "Datum, raw": ("datum", lambda i: datum(PICTURES[i], LABELS[i]), PICTURES),
    "Datum, encoded": ("datum", lambda i: datum_encoded(PNGS[i], LABELS[i]), PICTURES),
    "Datum, float": (
        "datum",
        lambda i: datum_of_floats(PICTURES[i][:, :, ::-1].transpose(2, 0, 1).astype(np.float32), LABELS[i]),
        PICTURES,
    ),
    "Caffe2, encoded": ("caffe2", lambda i: caffe2(PNGS[i], LABELS[i]), PICTURES),
    "Caffe2, raw": ("caffe2", lambda i: caffe2_raw(PICTURES[i], LABELS[i]), PICTURES),
    "TensorFlow Example": ("objects", lambda i: tf_example(PNGS[i], LABELS[i]), PICTURES),
    "pickled pair of array and label": ("objects", lambda i: pickle.dumps((PICTURES[i], LABELS[i])), PICTURES),
    "pickled dict of other names": ("objects", lambda i: pickle.dumps({"img": PNGS[i], "target": LABELS[i]}), PICTURES),
    "pickled planes first": (
        "objects",
        lambda i: pickle.dumps({"x": PICTURES[i].transpose(2, 0, 1), "y": np.int64(LABELS[i])}),
        PICTURES,
    ),
    "pickled bare pixels and shape": (
        "objects",
        lambda i: pickle.dumps({"data": PICTURES[i].tobytes(), "shape": (20, 24, 3), "label": LABELS[i]}),
        PICTURES,
    ),
    "msgpack dict": ("objects", lambda i: packed({"img": PNGS[i], "label": LABELS[i]}), PICTURES),
    "JSON with base64": (
        "objects",
        lambda i: json.dumps({"image": base64.b64encode(PNGS[i]).decode(), "label": LABELS[i]}).encode(),
        PICTURES,
    ),
    "a label before a file": ("wrapped", lambda i: struct.pack("<I", LABELS[i]) + PNGS[i], PICTURES),
    "CIFAR's own records": (
        "pixels",
        lambda i: bytes([LABELS[i]]) + SQUARES[i].transpose(2, 0, 1).tobytes(),
        SQUARES,
    ),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_kind_of_values(name: str, tmp_path: Path) -> None:
    schema, value, images = VALUES[name]
    path = write(tmp_path / "made", {b"%08d" % index: value(index) for index in ALL})
    check(path, schema, digits("%08d"), LABELS, images)


WITHOUT_LABELS: dict[str, tuple[str, Callable[[int], bytes], list[np.ndarray]]] = {
    ".npy": ("npy", lambda i: npy(PICTURES[i]), PICTURES),
    ".npy in Fortran's order": ("npy", lambda i: npy(np.asfortranarray(PICTURES[i])), PICTURES),
    ".npy planes first": ("npy", lambda i: npy(PICTURES[i].transpose(2, 0, 1)), PICTURES),
    ".npy of floats": ("npy", lambda i: npy(PICTURES[i].astype(np.float32) / 255), PICTURES),
    "bare pixels": ("pixels", lambda i: SQUARES[i].tobytes(), SQUARES),
    "bare planes": ("pixels", lambda i: SQUARES[i].transpose(2, 0, 1).tobytes(), SQUARES),
    "bare grey pixels": (
        "pixels",
        lambda i: SQUARES[i][:, :, 0].tobytes(),
        [np.repeat(image[:, :, :1], 3, axis=2) for image in SQUARES],
    ),
    "gzip around .npy": ("objects", lambda i: gzip.compress(npy(PICTURES[i])), PICTURES),
}


@pytest.mark.parametrize("name", WITHOUT_LABELS)
def test_a_kind_of_values_without_labels(name: str, tmp_path: Path) -> None:
    schema, value, images = WITHOUT_LABELS[name]
    path = write(tmp_path / "made", {b"%08d" % index: value(index) for index in ALL})
    records = check(path, schema, digits("%08d"), [None] * COUNT, images)
    assert name.startswith("bare") is ("nothing says so" in records.why)


def test_grey_and_cmyk_files(tmp_path: Path) -> None:
    grey, cmyk = encoded(PICTURES[0], "png", "L"), encoded(PICTURES[1], "jpeg", "CMYK")
    path = write(tmp_path / "made", {b"cmyk.jpg": cmyk, b"grey.png": grey})
    with open_inspected(path) as file:
        for index in (0, 1):
            assert file.sample(index).about["shape"] == [20, 24, 3]
        assert np.array_equal(file.sample(1).pixels, np.array(Image.open(io.BytesIO(grey)).convert("RGB")))


def test_an_archive_of_image_and_label(tmp_path: Path) -> None:
    def value(index: int) -> bytes:
        file = io.BytesIO()
        np.savez(file, image=PICTURES[index], label=LABELS[index])
        return file.getvalue()

    check(write(tmp_path / "made", {b"%04d" % i: value(i) for i in ALL}), "npy", digits("%04d"), LABELS)


def test_embeddings_are_vectors(tmp_path: Path) -> None:
    vectors = np.random.default_rng(3).normal(size=(COUNT, 512)).astype(np.float32)
    about = inspect_file(write(tmp_path / "made", {b"%04d" % i: vectors[i].tobytes() for i in ALL}), index=4)
    sample = about["sample"]
    assert (about["schema"], sample["encoding"], sample["stored_shape"], sample["dtype"]) == (
        "vectors",
        "vector",
        [512],
        "float32",
    )
    assert f"{vectors[4, 0]:g}" in sample["text"]


def test_text_and_json_are_text(tmp_path: Path) -> None:
    about = inspect_file(write(tmp_path / "made", {b"a": "Wörter".encode(), b"b": b"more words"}))
    assert (about["schema"], about["sample"]["text"]) == ("text", "Wörter")
    about = inspect_file(
        write(tmp_path / "other", {b"%d" % i: json.dumps({"label": i, "box": [1, 2]}).encode() for i in ALL})
    )
    assert (about["sample"]["encoding"], about["sample"]["label"]) == ("json", 0)


# ---------------------------------------------------------------- where labels are


@pytest.mark.parametrize(
    ("image", "label", "value"),
    [
        ("%d", "%d_label", lambda label: str(label).encode()),
        ("%06d/img", "%06d/cls", lambda label: struct.pack("<q", label)),
        ("data-%05d", "label-%05d", lambda label: struct.pack("<i", label)),
        ("img_%d", "gt_%d", lambda label: pickle.dumps(label)),
        ("%04d.png", "%04d.json", lambda label: json.dumps({"label": label, "box": [0, 0, 1, 1]}).encode()),
        ("%04d.jpg", "%04d.cls", lambda label: str(label).encode()),
        ("image-%d", "label-%d", lambda label: npy(np.int64(label))),
        ("sample_%03d_image", "sample_%03d_label", lambda label: bytes([label])),
    ],
)
def test_labels_under_keys_of_their_own(image: str, label: str, value: Callable[[int], bytes], tmp_path: Path) -> None:
    items = {(image % i).encode(): PNGS[i] for i in ALL} | {(label % i).encode(): value(LABELS[i]) for i in ALL}
    check(write(tmp_path / "made", items), "pairs", digits(image), LABELS)


def test_other_entries_of_a_sample_are_told(tmp_path: Path) -> None:
    items: dict[bytes, bytes] = {}
    for i in ALL:
        items |= {b"image-%03d" % i: PNGS[i], b"label-%03d" % i: b"%d" % LABELS[i], b"mask-%03d" % i: PNGS[-1 - i]}
    records = check(write(tmp_path / "made", items), "pairs", digits("image-%03d"), LABELS)
    assert any("mask-*" in warning for warning in records.warnings)


@pytest.mark.parametrize(
    "value", [np.array(LABELS).tobytes(), json.dumps(LABELS).encode(), npy(np.array(LABELS)), pickle.dumps(LABELS)]
)
def test_labels_all_together(value: bytes, tmp_path: Path) -> None:
    items = {b"%06d" % i: PNGS[i] for i in ALL} | {
        b"labels": value,
        b"classes": json.dumps(["a", "b", "c", "d", "e"]).encode(),
    }
    records = check(write(tmp_path / "made", items), "encoded-values", digits("%06d"), LABELS)
    assert records.classes == ["a", "b", "c", "d", "e"]


def test_labels_in_another_database(tmp_path: Path) -> None:
    path = write_databases(
        tmp_path / "made",
        {b"images": {b"%04d" % i: PNGS[i] for i in ALL}, b"labels": {b"%04d" % i: b"%d" % LABELS[i] for i in ALL}},
    )
    check(path, "sub:images", digits("%04d"), LABELS)
    about = inspect_file(path)
    assert [database["name"] for database in about["structure"]["databases"]] == [None, "images", "labels"]
    assert {"sub:images", "sub:labels"} <= set(about["schemas"])
    about = inspect_file(path, schema="sub:labels", index=2)
    assert (about["entries"], about["sample"]["text"]) == (COUNT, str(LABELS[2]))
    assert inspect_file(path, schema="encoded-values@images")["entries"] == COUNT


# ---------------------------------------------------------------- keys


def test_keys_that_are_numbers(tmp_path: Path) -> None:
    """The high byte first, so that they sort; the low byte first with INTEGERKEY."""
    check(
        write(tmp_path / "big", {struct.pack(">I", i): PNGS[i] for i in ALL}),
        "encoded-values",
        digits("%d"),
        [None] * COUNT,
    )
    path = write_databases(tmp_path / "native", {b"all": {struct.pack("=Q", i): PNGS[i] for i in ALL}}, integerkey=True)
    check(path, "sub:all", digits("%d"), [None] * COUNT)
    assert LmdbFile(path / "data.mdb").structure()["databases"][1]["flags"] == ["integerkey"]


def test_keys_that_end_with_a_nul(tmp_path: Path) -> None:
    path = write(tmp_path / "made", {b"key%03d\x00" % i: PNGS[i] for i in ALL})
    assert "NUL" in check(path, "encoded-values", digits("key%03d"), [None] * COUNT).why


def test_bookkeeping_is_no_sample(tmp_path: Path) -> None:
    items = {b"%08d" % i: PNGS[i] for i in ALL} | {b"__len__": b"13", b"meta": b"{}", b"version": b"1"}
    about = inspect_file(write(tmp_path / "made", items))
    assert (about["entries"], about["structure"]["entries"]) == (COUNT, COUNT + 3)


def test_a_search_of_keys(tmp_path: Path) -> None:
    items = {f"{('cat', 'dog')[i % 2]}/{i:05d}.png".encode(): PNGS[0] for i in range(600)}
    with open_inspected(write(tmp_path / "made", items)) as file:
        keys = [file.sample(index).about["key"] for index in (0, 300)]
        assert keys == ["cat/00000.png", "dog/00001.png"]
        assert file.matching(Wanted("dog/0001"))[0].tolist() == [305, 306, 307, 308, 309]
        truth = [index for index, key in enumerate(sorted(items)) if b"59" in key]
        assert file.matching(Wanted("59", "contains"))[0].tolist() == truth
        assert file.matching(Wanted("nobody", "contains"))[0].tolist() == []
