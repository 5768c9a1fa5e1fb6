"""Building under trouble: killed, out of disk, twice at once, with a source that changed."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core import open_store
from core.base.errors import InputError, WorkError
from core.base.events import Message, Progress, finish
from core.base.home import REPOSITORY, Home
from core.building import Build, compare_compressions, encode, estimate
from core.building.making import Making
from core.building.part import PartBuilder
from core.building.part_places import PartFolder
from core.building.publish import publish, restore
from core.building.recipe import Recipe
from core.datasets.dataset import Dataset
from core.importing.task import Import
from core.machine.session import session_folder
from core.processes import pool
from core.stores.store import Manifest, list_stores


def build(home: Home, **fields: object) -> Build:
    return Build(**{"dataset": "shapes", "format": "lmdb", "home": str(home.root), **fields})  # type: ignore[arg-type]


def python(*arguments: str, home: Home) -> subprocess.Popen[str]:
    environment = {**os.environ, "FORMAT_MATTERS_HOME": str(home.root)}
    return subprocess.Popen(
        [sys.executable, *arguments], cwd=REPOSITORY, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def slow_build(home: Home, format: str) -> subprocess.Popen[str]:
    """A build that halts in the middle of its first split and says so."""
    code = (
        "import sys, time; from core.building import encode, Build\n"
        "encode.CHUNK_SAMPLES = 10\n"
        "for number, event in enumerate(Build('shapes', sys.argv[1]).run()): pass\n"
    )
    halt = (
        "from core.building import making\n"
        "class Slow(making.Pace):\n"
        "    def due(self):\n"
        "        print('halfway', flush=True); time.sleep(60)\n"
        "making.Pace = Slow\n"
    )
    head, loop = code.split("\n", 1)
    return python("-c", f"{head}\n{halt}{loop}", format, home=home)


@pytest.mark.parametrize("format", ["disk", "lmdb", "hdf5"])
def test_killed_in_the_middle_nothing_looks_finished_and_the_next_cleans_up(home: Home, format: str) -> None:
    victim = slow_build(home, format)
    assert victim.stdout is not None
    assert victim.stdout.readline() == "halfway\n"
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    assert list_stores(home) == []
    assert not (home.built / "shapes").exists()
    assert [path for path in (home.built / ".building").iterdir() if path.is_dir()]
    result = finish(build(home, format=format).run())
    assert result["verified"]
    assert [path for path in (home.built / ".building").iterdir() if path.is_dir()] == []


def test_interrupted_it_leaves_nothing_and_says_130(home: Home) -> None:
    victim = python("-m", "core", "build", "shapes", "--format", "disk", "--encoding", "png", home=home)
    deadline = time.monotonic() + 30
    while not (home.built / ".building").exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    victim.send_signal(signal.SIGINT)
    _, errors = victim.communicate()
    assert "Traceback" not in errors
    if victim.returncode == 0:
        pytest.skip("it was faster than the interruption")
    assert victim.returncode == 130
    assert list_stores(home) == []
    assert [path for path in (home.built / ".building").iterdir() if path.is_dir()] == []


def test_closing_the_events_leaves_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    events = build(home).run()
    assert isinstance(next(events), Progress)
    events.close()  # type: ignore[attr-defined]
    assert list_stores(home) == []
    assert [path for path in (home.built / ".building").iterdir() if path.is_dir()] == []


def test_two_builds_of_one_store_do_not_meet(home: Home) -> None:
    first = slow_build(home, "lmdb")
    assert first.stdout is not None
    first.stdout.readline()
    try:
        with pytest.raises(InputError, match=f"process {first.pid} .*build"):
            finish(build(home).run())
        assert finish(build(home, encoding="raw").run())["verified"]  # another store may be built meanwhile
    finally:
        first.kill()
        first.communicate()


@pytest.mark.parametrize("format", ["disk", "lmdb", "hdf5"])
def test_a_full_disk_is_told_and_leaves_nothing(home: Home, format: str) -> None:
    """A limit on the size of files stands in for the disk: like it, it refuses a write half-way."""
    code = (
        "import resource, signal, sys; from core.__main__ import main\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))\n"
        "sys.exit(main(['build', 'shapes', '--format', sys.argv[1], '--encoding', 'raw', '--option', 'size=128']))\n"
    )
    process = python("-B", "-c", code, format, home=home)  # -B: what Python compiles would be cut short as well
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1, errors
    assert len(errors.strip().splitlines()) == 1
    assert "the build failed" in errors or "the disk is full" in errors
    assert list_stores(home) == []
    assert [path for path in (home.built / ".building").iterdir() if path.is_dir()] == []


def test_a_source_that_changed_is_told(home: Home, dataset: Dataset) -> None:
    row = dataset.row("train", 7)
    path = dataset.path(row)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(WorkError, match="has changed since it was imported"):
        finish(build(home).run())
    path.unlink()
    with pytest.raises(WorkError, match="cannot be read"):
        finish(build(home).run())
    assert list_stores(home) == []


def test_built_already_needs_force(home: Home) -> None:
    first = finish(build(home).run())
    with pytest.raises(InputError, match="built already; --force"):
        finish(build(home).run())
    again = finish(build(home, force=True).run())
    assert again["checksum"] == first["checksum"]
    assert [info.name for info in list_stores(home)] == ["lmdb/original"]


def test_a_rebuild_that_was_killed_between_its_renames_loses_nothing(home: Home) -> None:
    target = Path(finish(build(home).run())["store"])
    aside = target.with_name(".original.before")
    target.rename(aside)  # what a kill between the two renames leaves
    restore(target)
    assert len(open_store(target)) == 50
    assert not aside.exists()


def test_publish_replaces_in_one_go(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "new").touch()
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "old").touch()
    publish(tmp_path / "made", tmp_path / "target")
    assert [path.name for path in tmp_path.rglob("*")] == ["target", "new"]


def test_several_processes_build_the_same_store(home: Home) -> None:
    alone = finish(build(home, encoding="png", compression="zstd", workers=0).run())
    together = finish(build(home, encoding="png", compression="zstd", workers=2, force=True).run())
    assert alone["checksum"] == together["checksum"]


def test_an_older_store_can_be_read_while_it_is_built_again(home: Home) -> None:
    path = finish(build(home, encoding="raw").run())["store"]
    store = open_store(path)
    before = store[5][0].copy()
    finish(build(home, encoding="raw", force=True).run())
    np.testing.assert_array_equal(store[5][0], before)
    np.testing.assert_array_equal(open_store(path)[5][0], before)


def test_each_build_adds_its_rows_to_the_summary(home: Home) -> None:
    result = finish(build(home).run())
    with (session_folder(home) / "summary.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:11] == (
        [
            "stage",
            "dataset",
            "format",
            "variant",
            "split",
            "items",
            "bytes_on_disk",
            "num_files",
            "avg_file_size",
            "build_wall_s",
            "timestamp",
        ]
    )
    assert [(row["stage"], row["format"], row["variant"], row["split"], row["items"]) for row in rows] == [
        ("build", "lmdb", "original", "train", "50"),
        ("build", "lmdb", "original", "val", "10"),
    ]
    assert int(rows[0]["bytes_on_disk"]) == result["splits"]["train"]["allocated_bytes"]
    assert float(rows[0]["build_wall_s"]) == pytest.approx(result["splits"]["train"]["seconds"], abs=1e-5)
    assert (session_folder(home) / "sysinfo.json").exists()


@pytest.fixture
def mixed(home: Home, tmp_path: Path) -> Home:
    """A dataset `mixed` whose images differ in shape."""
    for number in range(12):
        folder = tmp_path / "images" / f"class{number % 2}"
        folder.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(0, 255, (20 + number, 30, 3), np.uint8)
        Image.fromarray(noise).save(folder / f"{number}.png")
    finish(Import(str(tmp_path / "images"), "mixed", options={"val_fraction": 0}, home=str(home.root)).run())
    return home


def test_raw_pixels_of_several_shapes_need_a_size(mixed: Home) -> None:
    with pytest.raises(InputError, match=r"12 \(from 20x30 to 31x30\).*size"):
        finish(build(mixed, dataset="mixed", encoding="raw").run())
    path = finish(build(mixed, dataset="mixed", encoding="raw", options={"size": "24"}).run())["store"]
    assert Path(path).name == "raw-size24"
    assert open_store(path)[0][0].shape == (24, 24, 3)
    store = open_store(finish(build(mixed, dataset="mixed").run())["store"])
    assert len({store[at][0].shape for at in range(12)}) == 12


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"dataset": "nothing"}, "no dataset 'nothing'; there are: shapes"),
        ({"format": "tar"}, "unknown format 'tar'; there are: disk, lmdb, hdf5"),
        ({"encoding": "gif"}, "unknown encoding 'gif'"),
        ({"compression": "brotli"}, "unknown compression 'brotli'"),
        (
            {"options": {"colour": "red"}},
            "unknown option 'colour'; lmdb, original and none have: shards, ",
        ),
        ({"options": {"group": "many"}}, "group=many is not a whole number at least 1 and at most 65536"),
        ({"options": {"group": "0"}}, "group=0 is not"),
        ({"encoding": "jpeg", "options": {"quality": "101"}}, "quality=101 is not"),
        ({"format": "hdf5", "options": {"filter": "gzip"}}, "raw pixels"),
        ({"workers": -1}, "workers=-1"),
    ],
)
def test_what_cannot_be_built_is_told(home: Home, fields: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        finish(build(home, **fields).run())
    assert list_stores(home) == []


def test_an_estimate_is_near_what_is_built(home: Home) -> None:
    for encoding, compression in [("original", "none"), ("raw", "none"), ("png", "zstd"), ("jpeg", "none")]:
        made = build(home, encoding=encoding, compression=compression)
        expected = estimate(made)
        result = finish(made.run())
        for split, told in result["splits"].items():
            assert expected["payload_bytes"][split] == pytest.approx(told["payload_bytes"], rel=0.1)
        assert expected["samples"] == 60
        assert expected["seconds"] > 0


@pytest.mark.parametrize(
    ("format", "encoding", "compression", "options"),
    [
        ("disk", "original", "none", {}),
        ("lmdb", "original", "none", {}),
        ("lmdb", "raw", "none", {}),
        ("lmdb", "raw", "zstd", {"group": 8}),
        ("hdf5", "raw", "none", {}),
        ("hdf5", "original", "zstd-dict", {}),
        ("hdf5", "raw", "none", {"filter": "gzip"}),
    ],
)
def test_an_estimate_tells_what_a_store_will_occupy(
    home: Home, format: str, encoding: str, compression: str, options: dict[str, Any]
) -> None:
    """Not its payload: small files take whole blocks, LMDB's pages have unused rests, a filter makes less of it."""
    made = build(home, format=format, encoding=encoding, compression=compression, options=options)
    expected = estimate(made)["allocated_bytes"]
    for split, told in finish(made.run())["splits"].items():
        rest = 2 * 4096 + 3072  # a block more or less for the container and for its index
        assert expected[split] == pytest.approx(told["allocated_bytes"], rel=0.12, abs=rest)
    assert not list((home.built / ".building").glob("estimate-*")), "nothing stays"


def test_where_nothing_can_be_written_the_payload_is_still_estimated(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("core.building.trial.tempfile.TemporaryDirectory", full)
    told = estimate(build(home))
    assert told["allocated_bytes"] is None
    assert sum(told["payload_bytes"].values()) == sum(told["source_bytes"].values())


def test_more_work_on_the_same_encoding_is_never_estimated_as_less(home: Home) -> None:
    plain, dictionary = (
        estimate(build(home, format="hdf5", encoding="raw", compression=name)) for name in ("none", "zstd-dict")
    )
    assert dictionary["seconds"] > plain["seconds"]
    assert (plain["training_seconds"], plain["startup_seconds"]) == (0.0, 0.0)


@pytest.mark.parametrize(("kind", "share"), [("JPEG", 1.0), ("PNG", 0.0)])
def test_an_estimate_says_whether_the_files_are_jpeg(home: Home, tmp_path: Path, kind: str, share: float) -> None:
    for number in range(4):
        path = tmp_path / "files" / f"class{number % 2}" / f"{number}.{kind.lower()}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (number * 50, 0, 0)).save(path, kind)
    finish(Import(str(tmp_path / "files"), "files", home=str(home.root)).run())
    assert estimate(build(home, dataset="files", encoding="jpeg"))["source_jpeg"] == share
    events = list(build(home, dataset="files", encoding="jpeg").run())
    warnings = [event.text for event in events if isinstance(event, Message) and event.level == "warning"]
    assert [("JPEG already" in text) for text in warnings] == ([True] if share else [])


def test_compressions_are_compared_before_anything_is_built(home: Home) -> None:
    gains = {gain.compression: gain.ratio for gain in compare_compressions(home, "shapes", "png")}
    assert gains["none"] == 1.0
    assert 0.9 < gains["zstd"] < 1.02  # PNG is compressed already
    assert {"lz4", "zstd-dict"} <= set(gains)
    assert list_stores(home) == []


def test_many_threads_may_ask_for_different_builds(home: Home) -> None:
    errors: list[BaseException] = []

    def work(encoding: str) -> None:
        try:
            finish(build(home, encoding=encoding).run())
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=work, args=(encoding,)) for encoding in ("raw", "png", "original")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(list_stores(home)) == 3


# ---------------------------------------------------------------- what a build's time is


def test_the_start_of_worker_processes_is_no_part_of_the_splits_time(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long processes take to start: it is the same for ten images and ten million."""
    real = pool.await_start

    def slowly(*arguments: Any) -> None:
        real(*arguments)
        time.sleep(1.5)

    monkeypatch.setattr(encode, "await_start", slowly)
    told = finish(build(home, encoding="raw", workers=1).run())
    assert told["startup_seconds"] > 1.5
    assert sum(split["seconds"] for split in told["splits"].values()) < 1.5
    extra = Manifest.load(Path(told["store"])).extra
    assert (extra["startup_seconds"], extra["workers"]) == (told["startup_seconds"], 1)


@pytest.mark.parametrize(
    ("shapes", "workers"), [({(32, 32, 3): 1999}, 0), ({(32, 32, 3): 2000}, 2), ({(400, 500, 3): 250}, 2)]
)
def test_processes_are_started_where_images_are_many_or_large(
    home: Home, monkeypatch: pytest.MonkeyPatch, shapes: dict[tuple[int, int, int], int], workers: int
) -> None:
    recipe = Recipe.of(home, "shapes", "lmdb", "raw", "none", {})
    files = Recipe.of(home, "shapes", "lmdb", "original", "none", {})
    for one in (recipe, files):
        monkeypatch.setattr(type(one.dataset), "shapes", lambda _: shapes)
        object.__setattr__(one.dataset, "splits", {"train": sum(shapes.values())})
    monkeypatch.setattr(encode, "usable_cpus", lambda: 2)
    assert encode.workers_for(None, recipe) == workers
    assert encode.workers_for(1, recipe) == 1
    assert encode.workers_for(None, files) == 0, "copying is the disk's work"


def test_all_work_of_a_build_is_told_step_by_step(mixed: Home) -> None:
    """By it the pace is told: classes of large images, which often follow each other, are more work."""
    making = Making(Recipe.of(mixed, "mixed", "npy", "raw", "none", {"size": 16}), 0, "local", None, {})
    builder = PartBuilder(making.recipe, PartFolder(mixed.root / "parts", lasting=False), {})
    (mixed.root / "parts").mkdir()
    with encode.encoded(builder.encoder, 0) as ready:
        steps = [step for one in making.plan.parts for step in builder.build(one, ready.encode)]
    assert sum(step.work for step in steps) == making._work > 0


def test_without_processes_nothing_is_started(home: Home) -> None:
    told = finish(build(home, format="hdf5", compression="zstd-dict", workers=0).run())
    assert (told["startup_seconds"], told["workers"]) == (0.0, 0)
    assert told["training_seconds"] > 0


def test_every_process_has_started_before_work_is_handed_out() -> None:
    with pool.processes(2) as made:
        pool.await_start(made, 2, len, [])
        assert len(made._processes) == 2
        assert {future.result() for future in [made.submit(os.getpid) for _ in range(4)]} <= set(made._processes)
