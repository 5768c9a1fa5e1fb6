"""The storage experiment: what it measures, that only the truth scores, and what is left whatever ends it."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.__main__ import main
from core.base.errors import InputError, WorkError
from core.base.events import Sample, finish
from core.base.home import Home
from core.datasets.dataset import Dataset
from core.importing.task import Import
from core.inspect import inspect_file
from core.measure.monitor import Monitor, read_monitor
from core.measure.records import list_records
from core.measure.storage import StorageExperiment, experiment, scratch_dir
from core.measure.storage import run as storage_run
from core.measure.storage.choice import choices, tutorial
from core.measure.storage.images import SourceImages, load
from core.measure.storage.methods import OPERATIONS, READ_MANY, READ_MANY_RANDOM, SYNCED, WRITE_MANY, WRITE_ONE
from core.measure.storage.ours import Ours
from core.measure.storage.repeats import TimeUp, WorkloadRun
from core.measure.storage.rows import rows_of
from core.measure.storage.schedule import Workload, forecast

READS = {name for name in OPERATIONS if name.startswith("read")}


@pytest.fixture(autouse=True)
def _short_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage_run, "TRIAL", 3)
    monkeypatch.setattr(experiment, "TRIAL", 3)


@pytest.fixture
def images(dataset: Dataset) -> SourceImages:
    steps = load(dataset, "train", 12, None, seed=0)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def quick(**fields: Any) -> StorageExperiment:
    return StorageExperiment("shapes", **{"cutoffs": (1, 7), "repeats": 1, **fields})


def scratch(home: Home) -> list[Path]:
    """What is left of the folders that were written into."""
    return [path for path in (home.built / experiment.WORKPLACE).iterdir() if path.is_dir()]


def test_every_method_is_measured_in_every_operation(home: Home) -> None:
    told = finish(quick(repeats=2).run())
    found = {(f"{row['format']}/{row['variant']}", row["operation"], row["samples"]) for row in told["rows"]}
    ours = ("disk/raw", "lmdb/raw", "hdf5/raw", "disk/original", "disk/tutorial", "lmdb/tutorial")
    expected = {(method, operation, count) for method in ours for operation in OPERATIONS for count in (1, 7)}
    # The tutorial reads its one HDF5 file as a whole; it has no code for another order.
    expected |= {
        ("hdf5/tutorial", operation, count)
        for operation in OPERATIONS
        if operation != READ_MANY_RANDOM
        for count in (1, 7)
    }
    assert found == expected
    for row in told["rows"]:
        assert len(row["seconds"]) == 2
        assert all(seconds > 0 for seconds in row["seconds"])
        assert row["bytes"] == row["allocated_bytes"] > 0
        assert row["used_bytes"] >= row["payload_bytes"] * 0.9
        assert row["apparent_bytes"] > 0
        assert not row["repeated"]
    assert told["left_out"] == []
    assert scratch(home) == []


def test_the_machine_is_watched_meanwhile(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage_run, "Monitor", lambda path: Monitor(path, interval=0.05))
    events = list(quick(repeats=4).run())
    seen = [event.values for event in events if isinstance(event, Sample) and event.series == "monitor"]
    kept = read_monitor(list_records(home, "storage")[0].beside("monitor.csv"))
    assert 0 < len(seen) <= len(kept)
    assert [row["ts"] for row in seen] == sorted({row["ts"] for row in seen}), "each row once"
    assert max(row["cpu_pct"] for row in seen) > 0
    assert seen[-1]["rss_mb"] > 10


def test_a_synced_write_is_the_same_write_and_longer(home: Home) -> None:
    told = finish(quick(methods=["lmdb/raw"]).run())
    rows = {(row["operation"], row["samples"]): row for row in told["rows"]}
    for operation in (WRITE_ONE, WRITE_MANY):
        plain, synced = rows[operation, 7], rows[operation + SYNCED, 7]
        assert synced["seconds"][0] >= plain["seconds"][0]
        assert 0 < plain["encoding_s"][0] < plain["seconds"][0]


def test_a_small_dataset_is_repeated_and_the_rows_say_so(home: Home) -> None:
    told = finish(quick(cutoffs=(120,), methods=["hdf5/raw", "disk/tutorial", "hdf5/tutorial"]).run())
    assert {(row["distinct"], row["repeated"]) for row in told["rows"]} == {(50, True)}
    assert (told["setup"]["images"], told["setup"]["dataset_images"]) == (50, 50)


@pytest.mark.parametrize("variant", ["png", "jpeg", "raw-zstd", "original-lz4"])
def test_other_variants_come_back_as_they_were_written(variant: str, home: Home) -> None:
    told = finish(quick(cutoffs=(6,), variants=[variant]).run())
    assert {row["format"] for row in told["rows"]} == {"disk", "lmdb", "hdf5"}
    assert {row["operation"] for row in told["rows"]} == set(OPERATIONS)


def test_the_record_says_what_was_asked_and_measured(home: Home, dataset: Dataset) -> None:
    told = finish(quick(methods=["lmdb/raw"]).run())
    [record] = list_records(home, "storage", "shapes")
    assert record.setup["fingerprints"] == {"shapes": dataset.fingerprint}
    assert record.setup["versions"]["lmdb"]
    assert record.setup["cutoffs"] == [1, 7]
    assert rows_of(record) == told["rows"]
    assert str(record.path) == told["file"]


# ---------------------------------------------------------------- fast and wrong does not score


def _other_pixels(pairs: list[Any]) -> list[Any]:
    return [(np.zeros_like(pixels), label) for pixels, label in pairs]


def _other_label(pairs: list[Any]) -> list[Any]:
    return [(pixels, label + 1) for pixels, label in pairs]


def _one_less(pairs: list[Any]) -> list[Any]:
    return pairs[:-1]


def _one_more(pairs: list[Any]) -> list[Any]:
    return [*pairs, pairs[-1]]


def _always_the_first(pairs: list[Any]) -> list[Any]:
    return [pairs[0]] * len(pairs)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (_other_pixels, "other pixels"),
        (_other_label, "has label"),
        (_one_less, "came back|has label|other pixels"),
        (_one_more, "more than|has label|other pixels"),
        (_always_the_first, "has label|other pixels"),
    ],
)
def test_a_reader_that_is_wrong_is_caught(
    wrong: Any, sentence: str, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = Ours._pairs
    monkeypatch.setattr(Ours, "_pairs", lambda self, *given: wrong(right(self, *given)))
    with pytest.raises(WorkError, match=f"lmdb/raw.*({sentence})"):
        finish(quick(methods=["lmdb/raw"], cutoffs=(40,)).run())
    assert list_records(home, "storage") == []
    assert scratch(home) == []


# ---------------------------------------------------------------- whatever ends it


def _until(events: Iterator[Any], count: int, times: int) -> None:
    """Run an experiment until so many times were measured at a number of images."""
    for event in events:
        if isinstance(event, Sample) and event.series == "time" and event.values["samples"] == count:
            times -= 1
            if not times:
                return
    raise AssertionError("it ended before")


def test_cancelled_it_leaves_what_it_has_measured_and_nothing_else(home: Home) -> None:
    events = quick().run()
    _until(events, 7, 4)
    events.close()
    [record] = list_records(home, "storage")
    rows = rows_of(record)
    assert {row["samples"] for row in rows} == {1, 7}
    assert all(row["seconds"] for row in rows)
    assert scratch(home) == []


def test_killed_it_leaves_every_time_it_had_written(home: Home) -> None:
    told = finish(quick(methods=["lmdb/raw", "disk/tutorial"]).run())
    path = Path(told["file"])
    lines = [line for line in path.read_text().splitlines() if json.loads(line)["kind"] != "row"]
    path.write_text("\n".join(lines)[:-30])
    [record] = list_records(home, "storage")
    rows = rows_of(record)
    assert rows == told["rows"][: len(rows)]
    assert len(rows) == len(told["rows"]) - 1, "the line that was cut short is the only one that is lost"


def test_many_files_are_removed_by_a_process_that_outlives_it(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch_dir, "FEW_FILES", 0)
    started: list[list[str]] = []
    monkeypatch.setattr(scratch_dir.subprocess, "Popen", lambda command, **_: started.append(command))
    events = quick(methods=["disk/original"]).run()
    _until(events, 7, 1)
    events.close()
    [command] = started
    [left] = scratch(home)
    assert command[-1] == str(left)
    finish(quick(methods=["lmdb/raw"], cutoffs=(1,)).run())
    assert scratch(home) == [], "what it did not get done, the next experiment does"


def test_two_at_a_time_are_refused(home: Home) -> None:
    events = quick(methods=["lmdb/raw"]).run()
    _until(events, 1, 1)
    with pytest.raises(InputError, match="wait for it"):
        finish(quick(methods=["lmdb/raw"]).run())
    events.close()


# ---------------------------------------------------------------- what does not fit


def test_what_there_is_no_time_for_is_left_out_and_named(home: Home) -> None:
    told = finish(quick(minutes=1e-6, repeats=None, methods=["lmdb/raw"]).run())
    assert told["rows"] == []
    assert {(line["operation"], line["samples"]) for line in told["left_out"]} == {
        (operation, count) for operation in (WRITE_ONE, WRITE_MANY) for count in (1, 7)
    }
    assert all("there is time for 0 s" in line["reason"] for line in told["left_out"])


def test_a_workload_ends_when_the_time_is_up(images: SourceImages, tmp_path: Path) -> None:
    method = Ours.of("lmdb", "raw", "none", images, batch_size=4)
    run = WorkloadRun(Workload(method, WRITE_MANY), images, 12, tmp_path / "workload", seed=0, until=0.0)
    with pytest.raises(TimeUp, match="write-many"):
        list(run.run(reads=1))
    assert run.measured.times == []


def test_a_workload_that_comes_too_late_is_left_out(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(self: WorkloadRun, operation: str) -> None:
        if self.until < math.inf and operation in READS:
            raise TimeUp(operation)

    monkeypatch.setattr(WorkloadRun, "_look_at_the_time", late)
    told = finish(quick(methods=["lmdb/raw"]).run())
    assert {row["operation"] for row in told["rows"]} == {
        name + kind for name in (WRITE_ONE, WRITE_MANY) for kind in ("", SYNCED)
    }
    assert {line["reason"] for line in told["left_out"]} == {"the time was up before read-one was done"}
    assert scratch(home) == []


def test_what_there_is_no_room_for_is_left_out_and_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(home.root)._replace(free=1 << 20)
    monkeypatch.setattr(scratch_dir.shutil, "disk_usage", lambda path: usage)
    told = finish(quick(methods=["lmdb/raw"]).run())
    assert told["rows"] == []
    assert all("on the disk" in line["reason"] for line in told["left_out"])


def test_what_memory_does_not_hold_is_left_out_and_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage_run, "MEMORY_SHARE", 1e-9)
    told = finish(quick(methods=["hdf5/tutorial"]).run())
    assert all("in memory at once" in line["reason"] for line in told["left_out"])


def test_a_forecast_leaves_nothing_behind(home: Home) -> None:
    told = forecast(quick().trial(), (1, 10, 1_000), 600, None)
    assert told.left_out == []
    assert 0 < told.seconds < 600
    assert told.bytes > 10_000
    assert scratch(home) == []
    assert list_records(home, "storage") == []


@pytest.fixture
def mixed(home: Home, tmp_path: Path) -> Home:
    """A home with a dataset whose images differ in shape."""
    random = np.random.default_rng(0)
    for number, size in enumerate(((20, 30), (24, 24), (40, 16), (9, 9))):
        folder = tmp_path / "mixed" / f"class {number % 2}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (*size, 3), np.uint8)).save(folder / f"{number}.png")
    finish(Import(str(tmp_path / "mixed"), "mixed", home=str(home.root)).run())
    return home


def test_images_of_several_shapes_go_as_far_as_they_can(mixed: Home) -> None:
    told = finish(StorageExperiment("mixed", (1, 3), repeats=1).run())
    methods = {f"{row['format']}/{row['variant']}" for row in told["rows"]}
    assert methods == {"disk/original", "lmdb/original", "hdf5/original", "disk/tutorial", "lmdb/tutorial"}
    [refused] = told["left_out"]
    assert (refused["format"], refused["variant"]) == ("hdf5", "tutorial")
    assert "one shape" in refused["reason"]


def test_resized_they_go_everywhere(mixed: Home) -> None:
    told = finish(StorageExperiment("mixed", (3,), repeats=1, size=8).run())
    assert told["left_out"] == []
    assert {f"{row['format']}/{row['variant']}" for row in told["rows"]} >= {"disk/png", "lmdb/raw", "hdf5/tutorial"}
    raw = next(row for row in told["rows"] if row["variant"] == "raw")
    assert raw["payload_bytes"] == 3 * 8 * 8 * 3


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"cutoffs": ()}, "one cut-off"),
        ({"cutoffs": (0, 5)}, "from 1 on"),
        ({"minutes": 0}, "more than 0"),
        ({"repeats": 0}, "more than 0"),
        ({"split": "nowhere"}, "no split 'nowhere'"),
        ({"methods": ["lmdb/nothing"]}, "unknown encoding 'nothing'"),
        ({"methods": ["tape/raw"]}, "unknown format 'tape'"),
        ({"formats": ["tape"]}, "unknown format 'tape'"),
        ({"variants": ["raw-nothing"]}, "unknown compression 'nothing'"),
        ({"methods": []}, "at least one"),
        ({"methods": ["disk/original"], "size": 8}, "leave out the size"),
    ],
)
def test_what_cannot_be_measured_is_refused(fields: dict[str, Any], sentence: str, home: Home) -> None:
    with pytest.raises(InputError, match=sentence):
        finish(quick(**fields).run())
    with pytest.raises(InputError):
        StorageExperiment("nothing").check(home)


# ---------------------------------------------------------------- what the tutorial's code leaves


@pytest.mark.parametrize(
    ("format", "container", "schema", "encoding"),
    [
        ("disk", ".", "png-csv", "png"),
        ("lmdb", "images.lmdb", "pickled-objects", "raw"),
        ("hdf5", "images.h5", "hdf5-many", "raw"),
    ],
)
def test_the_inspector_knows_what_the_tutorials_code_writes(
    format: str, container: str, schema: str, encoding: str, images: SourceImages, tmp_path: Path
) -> None:
    list(tutorial(format).write(WRITE_MANY, tmp_path, images, 12))
    about = inspect_file(tmp_path / container, index=7, image=tmp_path / "out.png")
    assert (about["schema"], about["entries"], about["sample"]["encoding"]) == (schema, 12, encoding)
    assert about["sample"]["label"] == images.labels[7]
    with Image.open(tmp_path / "out.png") as image:
        assert np.array_equal(np.asarray(image), images.pixels[7])


def test_one_by_one_the_tutorial_writes_files_of_their_own(images: SourceImages, tmp_path: Path) -> None:
    files = {}
    for format in ("disk", "lmdb", "hdf5"):
        folder = tmp_path / format
        folder.mkdir()
        method = tutorial(format)
        assert list(method.write(WRITE_ONE, folder, images, 12))[-1].done == 12
        files[format] = asdict(method.sizes(folder, images, 12))["files"]
    assert files == {"disk": 24, "lmdb": 2, "hdf5": 12}


def test_steps_are_as_many_images_as_were_asked_for(images: SourceImages, tmp_path: Path) -> None:
    method = Ours.of("hdf5", "raw", "none", images, batch_size=5)
    assert list(method.write(WRITE_MANY, tmp_path, images, 12))[-1].done == 12
    read = [pair for batch in method.read(READ_MANY, tmp_path, [11, 3, 3, 0]) for pair in batch]
    assert [label for _, label in read] == [images.labels[number] for number in (11, 3, 3, 0)]
    assert all(pixels.flags.writeable for pixels, _ in read)


def test_the_images_are_mixed_and_drawn_by_the_seed(dataset: Dataset, images: SourceImages) -> None:
    assert len(set(images.labels)) > 2
    assert [choice.name for choice in choices(dataset, "train", None)][:3] == ["disk/raw", "lmdb/raw", "hdf5/raw"]


# ---------------------------------------------------------------- the headless door


def test_the_command_line_does_all_of_it(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["experiment", "storage", "--dataset", "shapes", "--cutoffs", "1,4", "--formats", "lmdb", "--variants"]
    assert main([*arguments, "raw,tutorial", "--repeats", "1", "--json", "--home", str(home.root)]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {row["variant"] for row in told["rows"]} == {"raw", "tutorial"}
    assert {row["samples"] for row in told["rows"]} == {1, 4}


@pytest.mark.parametrize("cutoffs", ["", "1,x", "0"])
def test_the_command_line_says_what_is_wrong(cutoffs: str, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiment", "storage", "--dataset", "shapes", "--cutoffs", cutoffs]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
