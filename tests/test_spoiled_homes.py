"""A few of the homes that `benchmarks.fuzz_homes` spoils by the hundred: every page draws, and what is beyond reading
can be deleted.
"""

from __future__ import annotations

import json
import os
import random
from dataclasses import replace
from pathlib import Path

import pytest
from app_under_test import open_page, texts

from benchmarks.fuzz_homes import PAGES, RESULTS, faults_of
from benchmarks.homes import ODD, add_records, change_json, spoil
from core.base.errors import InputError
from core.base.events import from_fields
from core.base.files import Unreadable, read_object, read_whole
from core.base.home import Home
from core.datasets.damage import delete_damaged_dataset, list_damaged_datasets
from core.jobs import Jobs, State, Watch
from core.measure.bottleneck import bottleneck_of
from core.measure.configuration_summary import summarise_configurations
from core.measure.exchange import bundle, open_bundle
from core.measure.imported_runs import delete_run
from core.measure.loader_runs import as_loader_run, rank_configurations
from core.measure.records import record_paths, salvage_record
from core.measure.runs import all_runs, delete_unreadable, unreadable_runs
from core.measure.series import measures, series
from core.measure.storage.methods import OPERATIONS
from core.measure.storage.ranking import rank_methods
from core.measure.storage.rows import shown_rows
from core.stores.store import delete_store, list_damaged_stores
from core.training.results import as_training
from core.training.verdict import compare_runs as judged
from ui.shared.live.pictures import PICTURES, drawn_by_task, picture
from ui.train.labels import conditions, run_title

SEEDS, SPOILED, CHANGES = 2, 12, 40


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_page_draws_in_a_spoiled_home(furnished: Home, seed: int) -> None:
    add_records(furnished)
    dice = random.Random(seed)
    said = [spoil(furnished.root, dice) for _ in range(SPOILED)]
    wanted = [*((page, {}) for page in PAGES), ("benchmark", {"benchmark.view": "Storage"}), ("benchmark", RESULTS)]
    assert list(faults_of(furnished, wanted=wanted)) == [], said


def test_whatever_a_record_says_it_can_be_judged(furnished: Home) -> None:
    add_records(furnished)
    dice = random.Random(7)
    for path in sorted(record_paths(furnished)):
        whole = path.read_text()
        for _ in range(CHANGES):
            path.write_text(whole)
            said = change_json(path, dice)
            record = salvage_record(path)
            assert record is not None, said
            for measure in measures(record):
                assert series(record, measure), said
            if record.experiment == "loader" and (race := as_loader_run(record)) is not None:
                assert rank_configurations(race.repeats) or not race.repeats, said
                cases = summarise_configurations(race.repeats)
                assert all(bottleneck_of(case, cases).sentence for case in cases), said
            elif record.experiment == "storage":
                assert rank_methods(shown_rows(record), OPERATIONS), said
            elif record.experiment == "train" and (run := as_training(record)) is not None:
                assert run_title(run), said
                assert conditions(run), said
                assert run.scaling or judged(run.epochs), said


def test_whatever_a_job_says_it_is_read_or_refused_and_drawn(furnished: Home) -> None:
    add_records(furnished)
    dice = random.Random(11)
    jobs = Jobs(furnished)
    for path in sorted(furnished.jobs.glob("*/*.json*")):
        whole = path.read_text()
        for _ in range(CHANGES // 3):
            path.write_text(whole)
            change_json(path, dice)
            for job in jobs.all():
                assert isinstance(job.title, str)
                assert job.seconds >= 0
                for task in PICTURES:
                    seen = Watch(job)
                    seen._task = task  # as if the events were of any task
                    drawn_by_task(task, seen.refresh())
                seen = Watch(job)
                seen._task = "demo"
                assert picture(replace(job, task="demo", state=State.RUNNING), seen.refresh())
        path.write_text(whole)
    assert jobs.unreadable() == []


@pytest.mark.parametrize("value", ODD, ids=lambda value: str(value)[:12])
def test_events_are_checked_one_by_one(value: object) -> None:
    whole = {"kind": "progress", "stage": "x", "done": 1, "total": 2, "unit": "images"}
    for name in whole:
        try:
            event = from_fields({**whole, name: value})
        except ValueError:
            continue
        assert isinstance(event.stage, str)
        assert event.total is None or event.done <= 2**63


# ---------------------------------------------------------------- what cannot be read is told, and goes


SPOILS = {
    "gone": (None, "it is not there"),
    "empty": (b"", "it is empty"),
    "cut": (b'{"task": "build", "ti', "it is not JSON"),
    "a list": (b"[1]", "it holds no JSON object"),
    "not UTF-8": (b'{"task": "\xff"}', "it is not UTF-8 text"),
    "a field missing": (b'{"task": "build", "title": "x", "owner": "build", "heavy": true, "created": 1}', "'fields'"),
    "of another kind": (b'{"task": 7, "title": "x", "owner": "", "heavy": true, "created": 1, "fields": {}}', "'task'"),
}


@pytest.mark.parametrize("spoiled", SPOILS)
def test_a_job_that_cannot_be_read_is_listed_and_deleted(furnished: Home, spoiled: str) -> None:
    content, reason = SPOILS[spoiled]
    folder = furnished.jobs / "20260101-000000-000000-build-abcd"
    folder.mkdir(parents=True)
    if content is not None:
        (folder / "spec.json").write_bytes(content)
    jobs = Jobs(furnished)
    assert (jobs.all(), jobs.active()) == ([], [])
    [(path, why)] = jobs.unreadable()
    assert (path, reason in why) == (folder, True), why
    with pytest.raises(InputError):
        jobs.get(folder.name)
    jobs.delete(folder.name)
    assert not folder.exists()


def test_what_cannot_be_read_is_deleted_on_its_page(furnished: Home) -> None:
    folder = furnished.jobs / "20260101-000000-000000-build-abcd"
    folder.mkdir(parents=True)
    record = furnished.runs / "old" / "storage-20260101-000000-000000.jsonl"
    record.parent.mkdir()
    record.write_text("{")
    damaged = furnished.raw / "broken"
    damaged.mkdir()
    (damaged / "index.sqlite").write_bytes(b"no database")
    app = open_page("start")
    assert not app.exception
    assert "1 job and 1 run and 1 dataset cannot be read" in [expander.label for expander in app.expander]
    assert "spec.json: it is not there" in texts(app)
    for kind, path in (("job", folder), ("run", record), ("dataset", damaged)):
        app.button(key=f"unreadable.{kind}.{path}").click().run()
        assert not path.exists()
    assert not app.exception
    assert not [expander for expander in app.expander if "cannot be read" in expander.label]


def test_links_are_deleted_and_not_what_they_lead_to(furnished: Home, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "manifest.json").write_text("{}")
    (kept / "run.jsonl").write_text("")
    job, dataset = furnished.jobs / "20260101-000000-000000-build-abcd", furnished.raw / "link"
    store = furnished.built / "shapes" / "lmdb" / "link"
    record = furnished.runs / "old" / "loader-20260101-000000-000000.jsonl"
    for path in (job, dataset, store, record):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(kept / "run.jsonl" if path is record else kept)
    Jobs(furnished).delete(job.name)
    [(found, _)] = list_damaged_datasets(furnished)
    delete_damaged_dataset(furnished, found)
    [(found, _)] = list_damaged_stores(furnished)
    delete_store(furnished, found)
    [(found, _)] = unreadable_runs(furnished)
    delete_unreadable(furnished, found)
    assert not [path for path in (job, dataset, store, record) if path.is_symlink()]
    assert sorted(path.name for path in kept.iterdir()) == ["manifest.json", "run.jsonl"]


def test_a_run_of_another_version_is_shown_as_far_as_it_can_be_and_deleted(furnished: Home) -> None:
    add_records(furnished)
    [path] = furnished.runs.glob("*/storage-*.jsonl")
    setup, *rows = path.read_text().splitlines()
    told = [json.loads(row) for row in rows]
    for row in told[::2]:
        row.pop("encoding_s", None)
    told[0]["seconds"] = "0.1"
    path.write_text("\n".join([setup, *map(json.dumps, told)]))
    run = next(run for run in all_runs(furnished) if run.path == path)
    assert (run.lost, len(run.rows)) == (1, len(rows) - 1)
    assert list(faults_of(furnished, wanted=[("benchmark", {**RESULTS, "results.opened": run.name})])) == []
    delete_run(furnished, run)
    assert not path.exists()


def test_nothing_is_waited_for_and_nothing_huge_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "huge").write_bytes(b"")
    os.truncate(tmp_path / "huge", 1 << 40)
    (tmp_path / "device").symlink_to("/dev/zero")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "nowhere").symlink_to(tmp_path / "missing")
    for name, reason in (("pipe", "no regular file"), ("huge", "larger than"), ("device", "no regular file"),
                         ("loop", "cannot be opened"), ("nowhere", "leads nowhere"), (".", "a folder")):  # fmt: skip
        with pytest.raises(Unreadable, match=reason):
            read_object(tmp_path / name)
    assert read_whole(Path(__file__))


@pytest.mark.parametrize("name", ["", ".", "..", "x" * 300, "1" * 300, "1/../2", "20260101\x00", "1\n", "jobs"])
def test_names_of_jobs_are_checked_before_they_become_paths(furnished: Home, name: str) -> None:
    with pytest.raises(InputError, match="there is no job"):
        Jobs(furnished).get(name)
    with pytest.raises(InputError, match="there is no job"):
        Jobs(furnished).delete(name)


def test_what_a_killed_process_left_goes_with_the_next_one(furnished: Home) -> None:
    old, new = furnished.jobs / ".new-1", furnished.jobs / ".gone-2"
    incoming = furnished.runs / ".incoming" / "half"
    for folder in (old, new, incoming):
        folder.mkdir(parents=True)
        (folder / "spec.json").write_text("{}")
    for folder in (old, incoming):
        os.utime(folder, (1, 1))
    Jobs(furnished).prune()
    assert (old.exists(), new.exists()) == (False, True)
    record = salvage_record(next(furnished.runs.glob("2*/loader-*.jsonl")))
    assert record is not None
    data = bundle(record)
    delete_run(furnished, record)
    opened = open_bundle(furnished, data, "x.zip")
    assert not incoming.exists()
    assert opened.path.parent.stat().st_mode & 0o777 == record.path.parent.stat().st_mode & 0o777
