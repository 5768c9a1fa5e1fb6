"""A few of the files that `benchmarks.mangled` makes by the thousand: nothing but sentences may come of them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks import mangled_arrays, mangled_containers
from benchmarks.mangled import LAYOUTS, VERBS, WAYS, mangled, mangled_copy, run
from core.base.errors import InputError
from core.inspect.kinds import KINDS, identify
from core.inspect.lmdb.file import LmdbFile
from core.inspect.opened_file import OpenedFile
from core.inspect.records import UNREADABLE
from core.inspect.schemas import understand

SEEDS = 18


def look_at_everything(path: Path) -> int:
    """How many records there are; all are read. Raises InputError for a file beyond use."""
    if identify(path).kind != "lmdb":
        raise InputError("it is no LMDB any more")
    file = LmdbFile(path)
    assert file.structure()["databases"]
    assert file.page_map(64)["cells"] is not None
    _, records = understand(file)
    for index in range(min(len(records), 200)):
        try:
            records.find(records.read(index).key)
            records.label(index)
        except UNREADABLE:
            continue
    return len(records)


@pytest.mark.parametrize("layout", LAYOUTS["lmdb"])
def test_mangled_lmdbs_raise_nothing_else(layout: str, tmp_path: Path) -> None:
    whole = LAYOUTS["lmdb"][layout](tmp_path / "whole").read_bytes()
    usable = 0
    for seed in range(SEEDS):
        path = tmp_path / "mangled"
        path.write_bytes(mangled(whole, seed))
        try:
            usable += look_at_everything(path) > 0
        except InputError:
            continue
    assert usable > SEEDS * 2 // 3, "most of what is damaged in part can be shown in part"


ARRAYS = {name: make for kind in mangled_arrays.LAYOUTS.values() for name, make in kind.items()}


@pytest.mark.parametrize("layout", ARRAYS)
def test_mangled_arrays_raise_nothing_else(layout: str, tmp_path: Path) -> None:
    whole = ARRAYS[layout](tmp_path / "whole")
    sound = 0
    for seed in range(SEEDS):
        path = mangled_copy(whole, tmp_path / f"mangled{seed}", seed) if seed else whole
        try:
            found = identify(path)
            opened = OpenedFile(found.kind, str(found.path), None, [str(path) for path in found.paths])
            assert opened.summary()["entries"] == len(opened.records)
        except InputError:
            assert seed, "the sound file opens"
            continue
        for index in range(min(len(opened.records), 20)):
            sound += opened.problem(index)[0] is None
    assert sound >= 2, "those of the sound file at least"


CONTAINERS = {name: kind for kind, makers in mangled_containers.LAYOUTS.items() for name in makers}
NEEDED = {"parquet": "pyarrow", "arrow": "pyarrow", "zarr": "zarr", "tfrecord": "google_crc32c"}


@pytest.mark.parametrize("layout", CONTAINERS)
def test_mangled_containers_raise_nothing_else(layout: str, tmp_path: Path) -> None:
    kind = CONTAINERS[layout]
    if kind not in KINDS:
        pytest.skip(f"the inspector has no kind {kind}")
    if kind in NEEDED:
        pytest.importorskip(NEEDED[kind], reason="what such a file is made with is not installed")
    whole = mangled_containers.LAYOUTS[kind][layout](tmp_path / "whole")
    found = identify(whole)
    assert found.kind == kind
    opened = OpenedFile(kind, str(found.path), None, [str(path) for path in found.paths])
    assert len(opened.records) > 0
    assert all(opened.problem(index)[0] is None for index in range(min(len(opened.records), 24)))
    for seed in range(len(WAYS)):
        path = mangled_copy(whole, tmp_path / f"mangled{seed}", seed)
        try:
            found = identify(path)
            opened = OpenedFile(found.kind, str(found.path), None, [str(path) for path in found.paths])
            assert opened.summary()["entries"] == len(opened.records)
        except UNREADABLE:
            continue
        for index in range(min(len(opened.records), 10)):
            opened.problem(index)


@pytest.mark.parametrize("kind", ["lmdb", "hdf5"])
def test_the_command_line_survives_them(kind: str, tmp_path: Path) -> None:
    layout, make = next(iter(LAYOUTS[kind].items()))
    whole = make(tmp_path / "whole").read_bytes()
    for seed in range(len(WAYS) // 2):
        path = tmp_path / f"mangled{seed}"
        path.write_bytes(mangled(whole, seed))
        assert [run(path, verb, seed, layout).wrong for verb in VERBS] == ["", ""]


def test_a_seed_makes_the_same_file_again() -> None:
    data = random.Random(0).randbytes(1 << 16)
    assert [mangled(data, seed) for seed in range(12)] == [mangled(data, seed) for seed in range(12)]
    assert len({mangled(data, seed) for seed in range(12)}) == 12
