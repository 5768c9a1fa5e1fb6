"""Every program that is handed out for a store of ours, executed: its pixels, labels and classes are the store's."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import pickle
import re
import subprocess
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core import open_store
from core.__main__ import main
from core.compressions import COMPRESSIONS
from core.encodings import ENCODINGS
from core.formats import FORMATS
from core.images.value_range import ValueRange
from core.snippets import CHOICES, Snippet, code_for
from core.stores.manifest import Manifest
from tests.snippet_fixtures import of_16_bits, one_shape, several_shapes, written

EVERY = list(product(FORMATS, ENCODINGS, COMPRESSIONS))

OPTIONS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("lmdb", "png", "none", {"group": 3}),
    ("lmdb", "raw", "zstd-dict", {"group": 3}),
    ("lmdb", "original", "zstd", {"parts": 3}),
    ("lmdb", "original", "zstd-dict", {"group": 2, "parts": 2}),
    ("hdf5", "jpeg", "none", {"layout": "vlen"}),
    ("hdf5", "raw", "none", {"layout": "vlen"}),
    ("hdf5", "png", "none", {"layout": "chunked"}),
    ("hdf5", "raw", "none", {"chunk": 2}),
    *[("hdf5", "raw", "none", {"filter": name}) for name in ("gzip", "lzf", "zstd", "lz4")],
    ("hdf5", "raw", "none", {"parts": 2}),
    ("disk", "jpeg", "none", {"parts": 2}),
    ("csv", "png", "none", {"copy": True, "parts": 2}),
    ("npy", "raw", "none", {"parts": 2}),
    ("arrow", "png", "none", {"parts": 2}),
    ("arrow", "png", "none", {"batch_mb": 1}),
    ("zarr", "raw", "none", {"filter": "zstd", "chunk": 2}),
    ("zarr", "raw", "none", {"filter": "gzip"}),
    ("zarr", "jpeg", "none", {"parts": 2}),
    ("webdataset", "original", "none", {"shards": 3}),
    ("webdataset", "png", "none", {"compress": "zst"}),
    ("webdataset", "raw", "zstd-dict", {"compress": "zst", "shards": 2}),
    ("tfrecord", "jpeg", "none", {"shards": 3}),
    ("tfrecord", "png", "lz4", {"compress": "gzip"}),
    ("tfrecord", "raw", "none", {"compress": "gzip", "shards": 2}),
    ("parquet", "original", "none", {"shards": 2}),
    ("parquet", "raw", "none", {"parquet_compression": "zstd-pages"}),
    ("parquet", "png", "zstd", {"parquet_compression": "snappy-pages", "shards": 2}),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stores")


def code_of(store: Path, name: str = "dataset", **asked: Any) -> Snippet:
    return next(one for one in code_for(store, **asked) if one.name == name)


def run(snippet: Snippet) -> SimpleNamespace:
    """What it defines."""
    names: dict[str, Any] = {"__name__": "snippet"}
    exec(compile(snippet.text, snippet.file, "exec"), names)
    return SimpleNamespace(**names)


def parts_of(data: Any) -> list[Any]:
    return getattr(data, "datasets", [data])


def check(store: Path, snippet: Snippet, splits: tuple[str, ...] = ("train", "val")) -> None:
    """Pixels, labels, classes, length, ends, and that it opens again after it was closed and pickled."""
    program = run(snippet)
    for split in splits:
        opened = open_store(store, split)
        expected = [opened[index] for index in range(len(opened))]
        opened.close()
        data = program.open_split(split)
        assert len(data) == len(expected) > 0
        for index in (*range(len(expected)), -1):
            image, label = data[index]
            assert image.numpy().dtype == np.uint8
            np.testing.assert_array_equal(image.permute(1, 2, 0).numpy(), expected[index][0])
            assert label == expected[index][1]
            assert type(label) is int
        with pytest.raises(IndexError):
            parts_of(data)[0][len(data)]
        for part in parts_of(data):
            assert list(part.classes) == opened.classes
            state = part.__getstate__() if hasattr(part, "__getstate__") else {}
            pickle.dumps(state)  # the class itself has no module here that pickle could name
            part.close()
        np.testing.assert_array_equal(data[0][0].permute(1, 2, 0).numpy(), expected[0][0])
        for part in parts_of(data):
            part.close()


def check_text(snippet: Snippet, width: int = 100) -> None:
    """It looks as if it was written by hand: 40 to 80 lines, none too long, no import that is not used."""
    lines = snippet.text.splitlines()
    most = 84 if "GROUP = " in snippet.text and "unpacker" in snippet.text else 80
    assert 40 <= len(lines) <= most
    assert [line for line in lines if len(line) > width and not re.match(r"[A-Z]+ = ", line)] == []
    assert [line for line in lines if line != line.rstrip()] == []
    tree = ast.parse(snippet.text)
    for node in tree.body:
        for alias in getattr(node, "names", []) if isinstance(node, ast.Import | ast.ImportFrom) else []:
            name = (alias.asname or alias.name).partition(".")[0]
            used = [one for one in ast.walk(tree) if isinstance(one, ast.Name) and one.id == name]
            assert used or name == "hdf5plugin", f"{name} is imported for nothing"
    named = {
        module.partition(".")[0]
        for node in ast.walk(tree)
        for module in ([one.name for one in node.names] if isinstance(node, ast.Import) else [])
        + ([node.module or ""] if isinstance(node, ast.ImportFrom) else [])
    } - sys.stdlib_module_names
    assert {"pillow" if name == "PIL" else name for name in named} == set(snippet.needs)


@pytest.mark.parametrize("format", FORMATS)
def test_every_encoding_and_compression(folder: Path, format: str) -> None:
    for encoding, compression in product(ENCODINGS, COMPRESSIONS):
        options = {"copy": True} if format == "csv" else {}
        store = written(folder / f"{format}-{encoding}-{compression}", format, encoding, compression, **options)
        snippet = code_of(store)
        check_text(snippet)
        check(store, snippet)


@pytest.mark.parametrize(("format", "encoding", "compression", "options"), OPTIONS)
def test_options(tmp_path: Path, format: str, encoding: str, compression: str, options: dict[str, Any]) -> None:
    store = written(tmp_path / "store", format, encoding, compression, **options)
    snippet = code_of(store)
    check_text(snippet)
    check(store, snippet)


def test_images_of_several_sizes_come_as_pairs(tmp_path: Path) -> None:
    store = written(tmp_path / "store", "lmdb", "original", samples=several_shapes())
    snippet = code_of(store)
    assert "collate_fn=list" in snippet.text
    check_text(snippet)
    check(store, snippet)


@pytest.mark.parametrize("format", ["hdf5", "disk"])
def test_more_than_8_bits_are_scaled_by_the_range_of_all(tmp_path: Path, format: str) -> None:
    deep = of_16_bits()
    narrow = ValueRange.of({"integer": (0, 4000)})
    store = written(tmp_path / "all", format, "original", samples=deep, values=narrow)
    assert "BLACK, WHITE = 0, 4095" in code_of(store).text
    check(store, code_of(store))
    mixed = written(tmp_path / "some", format, "original", samples=[*deep, *one_shape()], values=narrow)
    check_text(code_of(mixed))
    check(mixed, code_of(mixed))
    masks = written(tmp_path / "masks", format, "original", samples=one_shape(), values=ValueRange(bytes=(0, 100)))
    assert "DARKEST, LIGHTEST = 0, 100" in code_of(masks).text
    check(masks, code_of(masks))


def test_no_code_where_it_would_be_wrong(tmp_path: Path) -> None:
    """The note says why; ours, which needs no code for it, is still there."""
    array = io.BytesIO()
    np.save(array, np.zeros((4, 4, 6), np.uint8))
    store = written(tmp_path / "arrays", "disk", "original", samples=[(array.getvalue(), 0)] * 2)
    ours, *others = code_for(store)
    assert "open_store(" in ours.text
    assert [one.text for one in others] == [""] * 4
    assert ".npy arrays" in others[0].note
    banded = written(tmp_path / "bands", "disk", "png", samples=one_shape())
    encoding = {"name": "original", "options": {}, "range": {"bands": [3, 2, 1]}}
    replace(Manifest.load(banded), encoding=encoding).save(banded / "manifest.json")
    assert "chosen bands" in code_of(banded).note


def test_names_from_outside_are_never_code(tmp_path: Path) -> None:
    evil = 'x"""\nraise SystemExit\n"""'
    store = written(tmp_path / "a\"b'c", "npy", "raw")
    told = replace(Manifest.load(store), dataset=evil, fields=[{"name": evil, "kind": "text"}])
    told.save(store / "manifest.json")
    for snippet in code_for(store):
        tree = ast.parse(snippet.text or "pass")
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.Raise)], snippet.name
    check(store, code_of(store))


def test_the_two_lines_of_ours(tmp_path: Path) -> None:
    store = written(tmp_path / "store", "npy", "png", splits=("test",))
    names: dict[str, Any] = {}
    exec(code_of(store, "ours").text.partition("\n\n")[0], names)
    assert len(names["store"]) == len(one_shape())
    assert names["store"].split == "test"


ALONE = """
import hashlib, importlib.util, json, pickle, sys
told = []
for number, file in enumerate(sys.argv[1:]):
    spec = importlib.util.spec_from_file_location(f"snippet{number}", file)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    data = module.open_split("val")
    first = data[0]  # what is open here is let go of by a worker
    loader = module.DataLoader(data, batch_size=3, num_workers=1, multiprocessing_context="fork")
    images, labels = zip(*loader)
    data.close()  # py-lmdb opens a file once in a process
    again = pickle.loads(pickle.dumps(data))
    assert bool((again[0][0] == first[0]).all())
    mixed = hashlib.sha256(b"".join(image.numpy().tobytes() for image in images)).hexdigest()
    told.append([mixed, [int(one) for batch in labels for one in batch]])
ours = sorted(name for name in sys.modules if name.partition(".")[0] in ("core", "format_matters"))
print(json.dumps([told, ours]))
"""


def test_in_a_process_without_this_package(tmp_path: Path) -> None:
    """Isolated, opened before its workers fork, pickled."""
    files, expected = [], []
    for format, encoding, compression in (
        ("lmdb", "png", "zstd-dict"),
        ("hdf5", "raw", "none"),
        ("zarr", "png", "lz4"),
    ):
        store = written(tmp_path / format, format, encoding, compression)
        files.append(tmp_path / f"{format}_alone.py")
        files[-1].write_text(code_of(store).text, "utf-8")
        opened = open_store(store, "val")
        pixels = b"".join(opened[index][0].transpose(2, 0, 1).tobytes() for index in range(len(opened)))
        expected.append([hashlib.sha256(pixels).hexdigest(), opened.labels.tolist()])
        opened.close()
    command = [sys.executable, "-I", "-c", ALONE, *map(str, files)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert json.loads(told.stdout) == [expected, []]


def test_the_verb_prints_a_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = written(tmp_path / "store", "npy", "raw")
    assert main(["code", str(store)]) == 0
    assert capsys.readouterr().out == code_of(store).text
    assert main(["code", str(store), "--json", "--split", "val"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in told["snippets"]] == list(CHOICES)
    assert 'open_split(split="val"' in told["code"]
    assert told["install"] == "pip install numpy torch"
    assert main(["code", str(store), "--as", "lightning", "--to", str(tmp_path / "made.py")]) == 0
    assert (tmp_path / "made.py").read_text() == code_of(store, "lightning").text
    capsys.readouterr()
    assert main(["code", str(store), "--as", "webdataset"]) == 2
    assert "--format webdataset" in capsys.readouterr().err
    assert main(["code", str(store), "--split", "nothing"]) == 2
