"""One contract for every format: payloads of any size go in, come back in any order, in any process."""

from __future__ import annotations

import multiprocessing
import pickle
import random
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.base.contracts import Contents, Mapped, Reader
from core.base.errors import InputError
from core.formats import FORMATS

CLASSES = ("ant", "bee", "cow")
SHAPE = (4, 5, 3)

VARYING: list[tuple[str, dict[str, Any]]] = [
    ("disk", {}),
    ("lmdb", {}),
    ("lmdb", {"group": 7}),
    ("hdf5", {}),
    ("hdf5", {"layout": "chunked"}),
    ("hdf5", {"layout": "vlen"}),
]
DENSE: list[tuple[str, dict[str, Any]]] = [
    *VARYING,
    ("hdf5", {"layout": "chunked", "chunk": 3}),
    *[("hdf5", {"filter": name}) for name in ("gzip", "lzf", "zstd", "lz4")],
]


def names(cases: Sequence[tuple[str, dict[str, Any]]]) -> list[str]:
    return ["-".join([name, *map(str, options.values())]) for name, options in cases]


def test_every_format_is_held_to_the_contract() -> None:
    assert {name for name, _ in VARYING} == set(FORMATS)


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


@pytest.mark.parametrize(("name", "options"), VARYING, ids=names(VARYING))
def test_payloads_of_any_size_come_back_in_any_order(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
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


@pytest.mark.parametrize(("name", "options"), DENSE, ids=names(DENSE))
@pytest.mark.parametrize("samples", [1, 2, 50])
def test_pixels_of_one_shape_come_back(tmp_path: Path, name: str, options: dict[str, Any], samples: int) -> None:
    payloads = [random.Random(seed).randbytes(60) for seed in range(samples)]
    path = write(tmp_path, name, options, payloads, shape=SHAPE)
    reader = reader_of(path, name, options)
    order = random.Random(1).choices(range(samples), k=40)
    assert [bytes(payload) for payload in reader.read(order)] == [payloads[index] for index in order]
    reader.close()


@pytest.mark.parametrize(("name", "options"), VARYING, ids=names(VARYING))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payloads=st.lists(st.binary(max_size=3000), min_size=1, max_size=12), total=st.booleans())
def test_any_payloads_come_back(
    tmp_path_factory: pytest.TempPathFactory, name: str, options: dict[str, Any], payloads: list[bytes], total: bool
) -> None:
    known = {"total_bytes": sum(map(len, payloads))} if total else {}
    path = write(tmp_path_factory.mktemp("any"), name, options, payloads, batch=5, **known)
    reader = reader_of(path, name, options)
    assert [bytes(payload) for payload in reader.read(range(len(payloads)))] == payloads
    reader.close()


@pytest.mark.parametrize(("name", "options"), VARYING, ids=names(VARYING))
def test_an_empty_split_is_a_container_too(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    reader = reader_of(write(tmp_path, name, options, []), name, options)
    assert len(reader) == 0
    assert reader.read([]) == []
    assert reader.dictionary is None


@pytest.mark.parametrize(("name", "options"), VARYING, ids=names(VARYING))
def test_extents_say_where_the_payloads_lie(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    payloads = sizes(60)
    reader = reader_of(write(tmp_path, name, options, payloads), name, options)
    extents = reader.extents() if isinstance(reader, Mapped) else None
    if extents is None:
        assert name == "disk" or options.get("layout") in ("chunked", "vlen")
        return
    memory, offsets, lengths = extents
    found = [memory[at : at + length].tobytes() for at, length in zip(offsets.tolist(), lengths.tolist(), strict=True)]
    assert found == payloads


def _report(reader: Reader, indices: list[int], queue: Any) -> None:
    queue.put([bytes(payload) for payload in reader.read(indices)])


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize(("name", "options"), VARYING, ids=names(VARYING))
def test_an_open_reader_goes_to_other_processes(
    tmp_path: Path, name: str, options: dict[str, Any], method: str
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


@pytest.mark.parametrize(("name", "options"), VARYING, ids=names(VARYING))
def test_a_pickled_reader_opens_for_itself(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    payloads = sizes(20)
    reader = reader_of(write(tmp_path, name, options, payloads), name, options)
    reader.read([0])
    again = pickle.loads(pickle.dumps(reader))
    assert [bytes(payload) for payload in again.read([5, 6])] == payloads[5:7]
    again.close()
    assert bytes(reader.read([5])[0]) == payloads[5]


@pytest.mark.parametrize(("name", "options"), VARYING, ids=names(VARYING))
def test_several_threads_share_a_reader(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
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


@pytest.mark.parametrize(("name", "options"), VARYING, ids=names(VARYING))
def test_a_closed_reader_opens_again(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    payloads = sizes(5)
    reader = reader_of(write(tmp_path, name, options, payloads), name, options)
    reader.read([0])
    reader.close()
    assert [bytes(payload) for payload in reader.read([4])] == payloads[4:]


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_not_there_is_told(tmp_path: Path, name: str) -> None:
    reader = reader_of(tmp_path / "nothing", name, {})
    with pytest.raises(InputError, match="nothing"):
        len(reader)


@pytest.mark.parametrize(
    ("options", "shape", "told"),
    [
        ({"layout": "contiguous", "filter": "gzip"}, SHAPE, "layout=contiguous has no chunks"),
        ({"layout": "vlen", "chunk": 4}, SHAPE, "layout=vlen has no chunks"),
        ({"filter": "zstd"}, None, "raw pixels"),
    ],
)
def test_hdf5_refuses_options_that_contradict(options: dict[str, Any], shape: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        FORMATS.make("hdf5", options).check(Contents(3, CLASSES, payload_shape=shape))


def test_a_thousand_classes_and_more(tmp_path: Path) -> None:
    classes = tuple(f"class number {number} with a long name, {'x' * 60}" for number in range(3000))
    for name in FORMATS:
        form = FORMATS.make(name)
        path = tmp_path / name / f"train{form.ending}"
        path.parent.mkdir()
        writer = form.writer(path, Contents(3000, classes))
        writer.write([b"x"] * 3000, list(range(3000)), [".bin"] * 3000)
        writer.close()
        reader = form.reader(path)
        assert reader.labels.tolist() == list(range(3000))
        assert tuple(reader.metadata["classes"]) == classes
        reader.close()


def test_lmdb_grows_its_map_and_keeps_no_more_than_it_uses(tmp_path: Path) -> None:
    import lmdb

    from core.formats.lmdb.writer import FIRST_MAP

    payloads = [bytes([number % 251]) * 300_000 for number in range(300)]  # 90 MB, more than the first map
    path = write(tmp_path, "lmdb", {}, payloads)
    data = path / "data.mdb"
    assert data.stat().st_size > FIRST_MAP
    used = FORMATS.make("lmdb").used_bytes(path)
    assert data.stat().st_blocks * 512 <= 1.05 * used
    assert [file.name for file in path.iterdir()] == ["data.mdb"]
    with lmdb.open(str(path), readonly=True, lock=False) as environment, environment.begin() as transaction:
        assert transaction.get(b"00000299") == payloads[299]


def test_a_disk_manifest_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "disk", {}, [b"a", b"b"])
    manifest = path / "manifest.csv"
    manifest.write_text(manifest.read_text().replace("ant/00000000", "../00000000"))
    with pytest.raises(InputError, match=r"\.\."):
        reader_of(path, "disk", {}).read([0])


@pytest.mark.parametrize("group", [1, 5])
def test_a_mangled_lmdb_is_an_error_and_never_a_crash(tmp_path: Path, group: int) -> None:
    payloads = sizes(200, seed=3)
    path = write(tmp_path, "lmdb", {"group": group}, payloads)
    sound = (path / "data.mdb").read_bytes()
    draw = random.Random(group)
    refused = 0
    for number in range(120):
        data = bytearray(sound)
        for _ in range(draw.choice([1, 8, 200])):
            data[draw.randrange(len(data))] = draw.randrange(256)
        if number % 4 == 0:
            del data[draw.randrange(len(data)) :]
        (path / "data.mdb").unlink()  # never in place: an open map may still show the file before
        (path / "data.mdb").write_bytes(data)
        try:
            read = reader_of(path, "lmdb", {}).read(range(200))
        except InputError:
            refused += 1
        else:
            assert len(read) == 200
    assert 20 < refused < 120


def test_lmdb_values_are_found_where_the_library_finds_them(tmp_path: Path) -> None:
    """Trees of one, two and three levels, with values in pages and on overflow pages."""
    import lmdb

    for count, size in [(1, 10), (40, 10), (3000, 300), (20_000, 700), (300, 5000)]:
        payloads = [random.Random(number).randbytes(size + number % 7) for number in range(count)]
        path = write(tmp_path / f"{count}", "lmdb", {}, payloads, batch=1000)
        ours = reader_of(path, "lmdb", {}).read(range(count))
        with lmdb.open(str(path), readonly=True, lock=False) as environment, environment.begin() as transaction:
            theirs = [transaction.get(b"%08d" % number) for number in range(count)]
            assert [bytes(payload) for payload in ours] == theirs == payloads
