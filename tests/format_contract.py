"""The contract of every format, as a class of tests: payloads of any size go in, come back in any order and process.

A format is held to it by a subclass that names it, with the options that matter:

    class TestMyFormat(FormatContract):
        varying = (("mine", {}), ("mine", {"group": 7}))
"""

from __future__ import annotations

import multiprocessing
import pickle
import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.base.contracts import Contents, Field, FieldReader, FieldValue, Mapped, Reader
from core.base.errors import InputError
from core.base.packed_fields import packed
from core.formats import FORMATS

CLASSES = ("ant", "bee", "cow")
SHAPE = (4, 5, 3)

Case = tuple[str, dict[str, Any]]
"""A format by name, and its options."""

UNCHECKED = [HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]


def names(cases: Sequence[Case]) -> list[str]:
    return ["-".join([name, *map(str, options.values())]) for name, options in cases]


class Labelled:
    """`ImportedRows` that have nothing but further values."""

    root = Path()
    untouched = False

    def __init__(self, fields: Sequence[Field], values: Sequence[Mapping[str, FieldValue]]) -> None:
        self.fields = tuple(fields)
        self._values = values

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def sizes(self) -> Iterator[tuple[int, int]]:
        return iter([(1, 1)] * len(self._values))

    def field_values(self, start: int = 0) -> Iterator[Mapping[str, FieldValue]]:
        return iter(self._values[start:])


FIELDS = [
    Field("caption", "text"), Field("age", "integer"), Field("score", "number"), Field("vector", "array"),
    Field("boxes", "array"), Field("odd/näme", "array"), Field("mask", "image"), Field("tags", "json"),
    Field("info", "json"), Field("flags", "array"), Field("label", "integer"),
]  # fmt: skip
"""One of each kind, and more where formats tell cases apart."""


def some_values(index: int) -> dict[str, FieldValue]:
    """Of sample `index`: the seventh has none, others lack some."""
    if index % 7 == 6:
        return {}
    values: dict[str, FieldValue] = {
        "caption": ['two\r\nlines, "quoted"', "ключ 🐈", " x ", "0"][index % 4] + "y" * (index % 3 * 90),
        "age": [-5, 0, 2**62][index % 3],
        "score": [0.1, -1e300, 3.0][index % 3],
        "vector": np.array([index, 0.5, -1], np.float32),
        "boxes": np.arange(index % 4 * 4, dtype=np.float64).reshape(-1, 4) * np.array([1, 1, np.inf, 1]),
        "odd/näme": np.full((index % 3, index % 2 + 1), index, [np.uint8, np.int64][index % 2]),
        "mask": b"\x89PNG\r\n\x1a\n" + bytes([index % 256]) * (index % 5 * 700),
        "tags": ["a", "ü"][: index % 3],
        "info": [{"a": [1, None, {"b": 0.5}]}, "text", 7][index % 3],
        "flags": np.array([[index % 2 == 0], [True]]),
        "label": index,
    }
    lacking = {1: ("age", "caption", "score"), 3: ("vector", "boxes", "odd/näme"), 5: ("mask", "tags", "info", "flags")}
    return {name: value for name, value in values.items() if name not in lacking.get(index % 7, ())}


def write(
    folder: Path,
    name: str,
    options: dict[str, Any],
    payloads: Sequence[bytes],
    *,
    shape: tuple[int, int, int] | None = None,
    batch: int = 16,
    **told: Any,
) -> Path:
    form = FORMATS.make(name, options)
    path = folder / f"train{form.ending}"
    contents = Contents(len(payloads), CLASSES, payload_shape=shape, metadata={"note": "é"}, **told)
    form.check(contents)
    writer = form.writer(path, contents)
    for start in range(0, len(payloads), batch):
        part = payloads[start : start + batch]
        labels = [(start + at) % 3 for at in range(len(part))]
        writer.write(part, labels, [".bin"] * len(part))
    writer.close()
    return path


def reader_of(path: Path, name: str, options: dict[str, Any]) -> Reader:
    return FORMATS.make(name, options).reader(path)


def sizes(count: int, seed: int = 0) -> list[bytes]:
    """Payloads of 0, 1, some and many bytes: within an LMDB page, at its edge, and over several pages."""
    draw = random.Random(seed)
    return [draw.randbytes(draw.choice([0, 1, 2, 700, 2020, 2030, 4096, 9001, 70_000])) for _ in range(count)]


def _report(reader: Reader, indices: list[int], queue: Any) -> None:
    queue.put([bytes(payload) for payload in reader.read(indices)])


class FormatContract:
    """`varying`: any payloads go; `dense`: pixels of one shape go too, `varying` where it is empty; `copied`: of a
    mapped format, those whose payloads do not lie bare in its file."""

    varying: Sequence[Case]
    dense: Sequence[Case] = ()
    copied: Sequence[Case] = ()

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "dense_options" in metafunc.fixturenames:
            cases = self.dense or self.varying
            metafunc.parametrize(("name", "dense_options"), cases, ids=names(cases))
        elif "options" in metafunc.fixturenames:
            metafunc.parametrize(("name", "options"), self.varying, ids=names(self.varying))

    def test_payloads_of_any_size_come_back_in_any_order(
        self, tmp_path: Path, name: str, options: dict[str, Any]
    ) -> None:
        payloads = sizes(90)
        path = write(tmp_path, name, options, payloads, dictionary=b"a dictionary")
        reader = reader_of(path, name, options)
        assert len(reader) == 90
        assert reader.labels.dtype == np.int64
        assert reader.labels.tolist() == [index % 3 for index in range(90)]
        assert reader.dictionary == b"a dictionary"
        assert reader.metadata["note"] == "é"
        assert list(reader.metadata["classes"]) == list(CLASSES)
        order = [*range(89, -1, -1), 0, 0, 7, 89]
        assert [bytes(payload) for payload in reader.read(order)] == [payloads[index] for index in order]
        assert reader.read([]) == []
        assert len({reader.key(index) for index in range(90)}) == 90
        assert all(reader.stored_bytes(index) >= len(payloads[index]) // 7 for index in range(90))
        reader.close()

    @pytest.mark.parametrize("samples", [1, 2, 50])
    def test_pixels_of_one_shape_come_back(
        self, tmp_path: Path, name: str, dense_options: dict[str, Any], samples: int
    ) -> None:
        payloads = [random.Random(seed).randbytes(60) for seed in range(samples)]
        path = write(tmp_path, name, dense_options, payloads, shape=SHAPE)
        reader = reader_of(path, name, dense_options)
        order = random.Random(1).choices(range(samples), k=40)
        assert [bytes(payload) for payload in reader.read(order)] == [payloads[index] for index in order]
        reader.close()

    @settings(max_examples=15, deadline=None, suppress_health_check=UNCHECKED)
    @given(payloads=st.lists(st.binary(max_size=3000), min_size=1, max_size=12), total=st.booleans())
    def test_any_payloads_come_back(
        self,
        tmp_path_factory: pytest.TempPathFactory,
        name: str,
        options: dict[str, Any],
        payloads: list[bytes],
        total: bool,
    ) -> None:
        known = {"total_bytes": sum(map(len, payloads))} if total else {}
        path = write(tmp_path_factory.mktemp("any"), name, options, payloads, batch=5, **known)
        reader = reader_of(path, name, options)
        assert [bytes(payload) for payload in reader.read(range(len(payloads)))] == payloads
        reader.close()

    def test_further_values_come_back(self, tmp_path: Path, name: str, options: dict[str, Any]) -> None:
        values = [some_values(index) for index in range(40)]
        payloads = sizes(40)
        told = {"rows": Labelled(FIELDS, values), "dictionary": b"dict"}
        path = write(tmp_path, name, options, payloads, batch=9, **told)
        reader = reader_of(path, name, options)
        if not isinstance(reader, FieldReader):
            pytest.skip("keeps none")
        assert [(one.name, one.kind) for one in reader.field_layouts()] == FIELDS
        order = [39, 0, *range(40), 0]
        for found, index in zip(reader.fields(order), order, strict=True):
            assert packed(found, FIELDS) == packed(values[index], FIELDS), index
            assert list(found) == [field.name for field in FIELDS if field.name in values[index]]
        (one,) = reader.fields([2], ["score", "boxes"])
        assert list(one) == ["score", "boxes"]
        assert np.array_equal(one["boxes"], values[2]["boxes"])  # type: ignore[arg-type]
        assert [bytes(payload) for payload in reader.read(order)] == [payloads[index] for index in order]
        assert (reader.dictionary, len(reader)) == (b"dict", 40)
        with pytest.raises(InputError, match="no field 'colour'; it has: caption, age"):
            reader.fields([0], ["colour"])
        again = pickle.loads(pickle.dumps(reader))
        assert again.fields([4], ["caption"]) == [{"caption": values[4]["caption"]}]
        extents = reader.extents() if isinstance(reader, Mapped) else None
        assert extents is None or len(extents.offsets) == 40
        reader.close()

    def test_an_empty_split_is_a_container_too(self, tmp_path: Path, name: str, options: dict[str, Any]) -> None:
        reader = reader_of(write(tmp_path, name, options, []), name, options)
        assert len(reader) == 0
        assert reader.read([]) == []
        assert reader.dictionary is None

    def test_extents_say_where_the_payloads_lie(self, tmp_path: Path, name: str, options: dict[str, Any]) -> None:
        payloads = sizes(60)
        reader = reader_of(write(tmp_path, name, options, payloads), name, options)
        extents = reader.extents() if isinstance(reader, Mapped) else None
        if extents is None:
            assert not FORMATS[name].mapped or (name, options) in self.copied
            return
        memory, offsets, lengths = extents
        found = [
            memory[at : at + length].tobytes() for at, length in zip(offsets.tolist(), lengths.tolist(), strict=True)
        ]
        assert found == payloads

    @pytest.mark.parametrize("method", ["fork", "spawn"])
    def test_an_open_reader_goes_to_other_processes(
        self, tmp_path: Path, name: str, options: dict[str, Any], method: str
    ) -> None:
        if method == "spawn" and options:
            pytest.skip("one spawn a format is enough")
        if method not in multiprocessing.get_all_start_methods():
            pytest.skip(f"this system has no {method}")
        payloads = sizes(20)
        reader = reader_of(write(tmp_path, name, options, payloads), name, options)
        assert bytes(reader.read([3])[0]) == payloads[3]
        context = multiprocessing.get_context(method)
        queue = context.Queue()
        children = [context.Process(target=_report, args=(reader, [at, 19], queue)) for at in (1, 2)]
        for child in children:
            child.start()
        answers = sorted((queue.get(timeout=60) for _ in children), key=lambda answer: payloads.index(answer[0]))
        for child in children:
            child.join()
        assert sorted(answers) == sorted([[payloads[1], payloads[19]], [payloads[2], payloads[19]]])
        assert bytes(reader.read([4])[0]) == payloads[4]

    def test_a_pickled_reader_opens_for_itself(self, tmp_path: Path, name: str, options: dict[str, Any]) -> None:
        payloads = sizes(20)
        reader = reader_of(write(tmp_path, name, options, payloads), name, options)
        reader.read([0])
        again = pickle.loads(pickle.dumps(reader))
        assert [bytes(payload) for payload in again.read([5, 6])] == payloads[5:7]
        again.close()
        assert bytes(reader.read([5])[0]) == payloads[5]

    def test_several_threads_share_a_reader(self, tmp_path: Path, name: str, options: dict[str, Any]) -> None:
        payloads = sizes(40)
        reader = reader_of(write(tmp_path, name, options, payloads), name, options)
        wrong: list[int] = []

        def hammer(seed: int) -> None:
            order = random.Random(seed).choices(range(40), k=200)
            read = reader.read(order)
            wrong.extend(index for index, payload in zip(order, read, strict=True) if bytes(payload) != payloads[index])

        threads = [threading.Thread(target=hammer, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []

    def test_a_closed_reader_opens_again(self, tmp_path: Path, name: str, options: dict[str, Any]) -> None:
        payloads = sizes(5)
        reader = reader_of(write(tmp_path, name, options, payloads), name, options)
        reader.read([0])
        reader.close()
        assert [bytes(payload) for payload in reader.read([4])] == payloads[4:]

    def test_what_is_not_there_is_told(self, tmp_path: Path, name: str, options: dict[str, Any]) -> None:
        reader = reader_of(tmp_path / "nothing", name, options)
        with pytest.raises(InputError, match="nothing"):
            len(reader)

    def test_a_thousand_classes_and_more(self, tmp_path: Path, name: str, options: dict[str, Any]) -> None:
        classes = tuple(f"class number {number} with a long name, {'x' * 60}" for number in range(3000))
        form = FORMATS.make(name, options)
        path = tmp_path / f"train{form.ending}"
        writer = form.writer(path, Contents(3000, classes))
        writer.write([b"x"] * 3000, list(range(3000)), [".bin"] * 3000)
        writer.close()
        reader = form.reader(path)
        assert reader.labels.tolist() == list(range(3000))
        assert tuple(reader.metadata["classes"]) == classes
        reader.close()
