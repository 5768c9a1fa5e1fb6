"""A home with a record of every kind in it, and methods of spoiling one: for `fuzz_homes`, seeded and reproducible."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from core.base.events import Message, Progress, Sample, finish, to_fields
from core.base.home import Home
from core.building import Build, Verify
from core.importing.task import Import
from core.inspect.preferences import remember_path, remember_schema
from core.inspect.task import Scan
from core.measure.exchange import bundle, open_bundle
from core.measure.loaders import LoaderExperiment
from core.measure.records import RunRecorder, list_records
from core.measure.storage.methods import OPERATIONS
from core.stores.manifest import MANIFEST, _digest
from core.stores.store import list_stores

MARKUP = "![c](https://evil.example/x.png) <img src=//evil.example> :material/delete: $x$ \ud800"


# ---------------------------------------------------------------- a whole one


def furnish(root: Path) -> Home:
    """A dataset, three stores, and a record, a job or a memory of every kind."""
    where = {"home": str(root)}
    finish(Import("shapes", "shapes", options={"size": 16, "train": 60, "val": 20}, **where).run())
    for format, encoding in (("disk", "original"), ("lmdb", "raw"), ("hdf5", "raw")):
        finish(Build("shapes", format, encoding, **where).run())
    paths = [str(store.path) for store in list_stores(Home(root))]
    quick: dict[str, Any] = {"batch_sizes": [8], "workers": ["0"], "loaders": ["torch"], "seconds": 0.05, "rounds": 2}
    finish(LoaderExperiment(paths, **quick, **where).run())
    return add_records(Home(root))


def add_records(home: Home) -> Home:
    """To a home with the dataset `shapes`, its stores and a loader experiment: all the other kinds."""
    stores = list_stores(home)
    _keep_storage(home)
    _keep_trainings(home)
    _keep_jobs(home, [str(store.path) for store in stores])
    for store in stores:
        remember_path(home, str(store.path))
    remember_schema(home, "12-34", "own")
    foreign = home.root / "other"
    shutil.copytree(home.runs, foreign / "runs")
    record = list_records(home, "loader")[0]
    data = bundle(record)
    for path in record.path.parent.glob(f"{record.path.stem}.*"):
        path.rename(path.with_name(path.name.replace("loader-2", "loader-1")))  # another run than the one brought in
    open_bundle(home, data, "run.zip")
    shutil.rmtree(foreign)
    return home


def _keep_storage(home: Home) -> None:
    methods = ("disk/png", "lmdb/raw", "hdf5/raw")
    recorder = RunRecorder.begin(home, "storage", ["shapes"], {
        "cutoffs": [1, 10], "methods": methods, "split": "train", "images": 60, "fingerprints": {"shapes": "f" * 32},
    })  # fmt: skip
    sizes = dict.fromkeys(("payload_bytes", "used_bytes", "allocated_bytes", "apparent_bytes"), 4096)
    for kind, seconds in (("time", 0.01), ("row", [0.01, 0.011])):
        for method in methods:
            for operation in OPERATIONS:
                for samples in (1, 10):
                    told = {"format": method.split("/")[0], "variant": method.split("/")[1], "operation": operation,
                            "samples": samples, "seconds": seconds, "bytes": 4096, **sizes, "files": 2,
                            "encoding_s": seconds, "includes": "encoding"}  # fmt: skip
                    recorder.add(kind, told)
    recorder.add("left-out", {"format": "lmdb", "variant": "png", "operation": "all", "samples": 0, "with": [],
                              "reason": "too slow"})  # fmt: skip


def _keep_trainings(home: Home) -> None:
    shared = {"model": "small", "lr": 0.001, "momentum": 0.9, "weight_decay": 1e-4, "seed": 42, "loader": "fast",
              "transform": "none", "stores": ["lmdb/raw", "hdf5/raw"]}  # fmt: skip
    scaling = RunRecorder.begin(home, "train", ["shapes"], {
        **shared, "scaling": True, "seconds": 1.0, "rounds": 1, "batch_sizes": [8, 16], "worker_counts": ["0"],
        "devices": ["cpu"],
    })  # fmt: skip
    run = RunRecorder.begin(home, "train", ["shapes"], {
        **shared, "orders": ["shuffled"], "epochs": 2, "batch_size": 16, "workers": "0", "device": "cpu",
        "samples": 60, "val_samples": 20, "ceilings": {"compute": 2000.0},
    })  # fmt: skip
    for store in ("lmdb/raw", "hdf5/raw"):
        about = dict(zip(("format", "variant"), store.split("/"), strict=True)) | {"store": store, "dataset": "shapes"}
        pace = {"samples_per_s": 1000.0, "wait_share": 0.25, "wait_s": 0.02, "compute_s": 0.06, "first_batch_s": 0.01}
        for size in (8, 16):
            scaling.add("repeat", {**about, **pace, "device": "cpu", "batch_size": size, "workers": "0", "round": 1,
                                 "configuration": f"batch {size}", "samples": 60, "seconds": 1.0})  # fmt: skip
        for number in (1, 2):
            run.add("epoch", {
                **about, **pace, "order": "shuffled", "epoch": number, "samples": 60, "steps": 4, "loss": 2.0,
                "accuracy": 0.5, "losses": [2.5, 2.0, 1.8, 1.7], "val_samples": 20, "val_loss": 1.9,
                "val_accuracy": 0.6, "shuffle_quality": 1.0, "classes_per_batch": 8.0, "classes": 10,
                "held_out": False, "workers": "inline", "pixels": "a", "weights": "b", "began": 100.0, "ended": 101.0,
            })  # fmt: skip


def _keep_jobs(home: Home, stores: list[str]) -> None:
    """Ended ones whose results the pages show, one that was killed, and the events of all series."""
    verified = finish(Verify(stores[0], str(home.root)).run())
    scanned = finish(Scan(stores[0]).run())
    record = str(list_records(home, "loader")[0].path)
    lane = {"store": "lmdb/raw", "order": "shuffled", "format": "lmdb"}
    events = [
        Progress("reading", 1, 10), Message("begun"), Sample("lane", lane), Sample("monitor", {"ts": 1.0, "rss_mb": 2}),
        Sample("step", {**lane, "seen": 0.5, "loss": 2.0, "accuracy": 0.1, "samples_per_s": 9.0, "wait_share": 0.1,
                        "wait_ms": 1.0, "compute_ms": 2.0, "number": 1, "state": "running", "seconds": 1.0}),
    ]  # fmt: skip
    jobs = [
        ("verify", "build", {"store": stores[0]}, {"state": "done", "result": verified}),
        ("scan", "inspector", {"path": stores[0], "schema": None}, {"state": "done", "result": scanned}),
        ("demo", "start", {}, {"state": "done", "result": {"file": record}}),
        ("build", "build", {"dataset": "shapes"}, {"state": "failed", "error": "the disk is full"}),
        ("import", "dataset", {"name": "x"}, {"state": "cancelled", "error": "It was cancelled"}),
        ("loader", "benchmark", {}, None),
    ]
    for number, (task, owner, fields, end) in enumerate(jobs):
        folder = home.jobs / f"20260101-00000{number}-000000-{task}-abcd"
        folder.mkdir(parents=True)
        spec = {"task": task, "title": task, "owner": owner, "heavy": True, "created": 2e9, "fields": fields}
        (folder / "spec.json").write_text(json.dumps(spec))
        (folder / "started.json").write_text(json.dumps({"started": 2e9, "supervisor": 1, "worker": 2}))
        (folder / "events.jsonl").write_text("".join(json.dumps({"at": 1.0, **to_fields(e)}) + "\n" for e in events))
        (folder / "alive").touch()
        (folder / "log.txt").write_text("a line\n")
        if end is not None:
            (folder / "end.json").write_text(json.dumps({"ended": 2e9 + 1, **end}))


# ---------------------------------------------------------------- spoiling


KINDS = ("jobs/*/spec.json", "jobs/*/started.json", "jobs/*/end.json", "jobs/*/events.jsonl", "jobs/*/alive",
         "jobs/*/log.txt", "*/sysinfo.json", "*/foreign.json", "*/loader-*.jsonl", "*/storage-*.jsonl",
         "*/train-*.jsonl", "*/*.monitor.csv", "*/summary.csv")  # fmt: skip
DATA = (
    "raw/*/index.sqlite",
    "raw/*/reference.json",
    "raw/*/*/*/*",
    "built/*/*/*/manifest.json",
    "built/*/*/*/*",
    "inspector.json",
)
FOLDERS = ("runs", "runs/jobs", "runs/jobs/*", "runs/*", "data/raw", "data/raw/*", "data/built", "data/built/*/*/*",
           "data")  # fmt: skip


def spoil(home: Path, dice: random.Random) -> str:
    """Do one thing to something in a home; returns what."""
    patterns = [*(f"runs/{name}" for name in KINDS), *(f"data/{name}" for name in DATA)]
    pattern = dice.choice(patterns if dice.random() < 0.92 else FOLDERS)
    found = sorted(home.glob(pattern))
    if not found:
        return f"{pattern}: nothing there"
    path = dice.choice(found)
    methods: list[Callable[[Path, random.Random], str]] = [replace_content, replace_by_thing]
    if path.suffix in (".json", ".jsonl") and path.is_file():
        methods += [change_json] * 8
    if path.name == "index.sqlite":
        methods += [change_index] * 8
    if path.is_dir():
        methods = [replace_by_thing]
    method = dice.choice(methods)
    try:
        said = method(path, dice)
    except (OSError, ValueError, LookupError, sqlite3.Error) as error:
        said = f"was spoiled already ({type(error).__name__})"
    return f"{path.relative_to(home)}: {method.__name__}: {said}"


ODD: tuple[Any, ...] = (
    None, "", "text", MARKUP, "x" * 100_000, "\x00\x1b[31m", "../../etc/passwd", 0, -1, 1, 2**63, 10**400, 0.5, 1e308,
    -1e308, float("nan"), float("inf"), True, False, [], [None], ["text"], [1, "x"], {}, {"a": None}, {"a": {"b": []}},
    [[[[]]]],
)  # fmt: skip


def change_json(path: Path, dice: random.Random) -> str:
    """Take a field away or make it something else, in one line where there are several."""
    text = path.read_text()
    lines = text.splitlines() if path.suffix == ".jsonl" else [text]
    number = 0 if dice.random() < 0.4 else dice.randrange(len(lines))
    told = json.loads(lines[number])
    said = _change(told, dice)
    if path.name == MANIFEST:  # as another version would have written it: signed
        told.pop("self", None)
        with contextlib.suppress(TypeError, ValueError):
            told["self"] = _digest(told)
    lines[number] = json.dumps(told)
    path.write_text("\n".join(lines) + "\n")
    return said


def _change(told: Any, dice: random.Random) -> str:
    place, name = told, ""
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = dice.choice(keys)
        name += f".{key}"
        inner = place[key]
        if isinstance(inner, dict | list) and inner and dice.random() < 0.6:
            place = inner
            continue
        if dice.random() < 0.35:
            del place[key]
            return f"{name} is gone"
        place[key] = dice.choice(ODD)
        return f"{name} = {str(place[key])[:30]!r}"


CONTENTS: Mapping[str, bytes] = {
    "nothing": b"", "no JSON": b"{", "a list": b"[]", "null": b"null", "a number": b"17", "text": b'"text"',
    "bytes": bytes(range(256)), "zeros": bytes(5000), "UTF-16": '{"a": 1}'.encode("utf-16"), "deep": b"[" * 100_000,
    "no end": b'{"kind": "setup"', "lines": b"\n" * 1000, "not UTF-8": b'{"kind": "workload", "title": "\xff\xfe"}',
}  # fmt: skip


def replace_content(path: Path, dice: random.Random) -> str:
    if dice.random() < 0.3:
        data = path.read_bytes()
        path.write_bytes(data[: dice.randrange(len(data) + 1)])
        return "cut"
    if dice.random() < 0.2:
        data = bytearray(path.read_bytes())
        for _ in range(min(8, len(data))):
            data[dice.randrange(len(data))] = dice.randrange(256)
        path.write_bytes(bytes(data))
        return "bytes changed"
    name = dice.choice(list(CONTENTS))
    path.write_bytes(CONTENTS[name])
    return name


def replace_by_thing(path: Path, dice: random.Random) -> str:
    """By something that no program of ours puts there."""
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    name = dice.choice(("gone", "a folder", "a file", "a loop", "a dead link", "a device", "a pipe", "huge"))
    if name == "a folder":
        path.mkdir()
    elif name == "a file":
        path.write_text("{}")
    elif name == "a loop":
        path.symlink_to(path)
    elif name == "a dead link":
        path.symlink_to(path.parent / "nowhere")
    elif name == "a device":
        path.symlink_to("/dev/zero")
    elif name == "a pipe":
        os.mkfifo(path)
    elif name == "huge":
        with path.open("wb") as file:
            file.truncate(1 << 33)
    return name


def change_index(path: Path, dice: random.Random) -> str:
    """What SQLite lets anybody write."""
    table = dice.choice(
        ("dataset", "classes", "images", "counts", "shapes", "skipped", "sources", "fields", "field_values")
    )
    with contextlib.closing(sqlite3.connect(path)) as index:
        columns = [row[1] for row in index.execute(f"PRAGMA table_info({table})")]
        column = dice.choice(columns)
        said = dice.choice((
            f"DROP TABLE {table}", f"DELETE FROM {table}", f"UPDATE {table} SET {column} = NULL",
            f"UPDATE {table} SET {column} = 'text'", f"UPDATE {table} SET {column} = -5",
            f"UPDATE {table} SET {column} = x'fffe'", f"UPDATE {table} SET {column} = 1e300",
            f"ALTER TABLE {table} RENAME COLUMN {column} TO other",
        ))  # fmt: skip
        try:
            index.execute(said)
            index.commit()
        except sqlite3.Error as error:
            return f"{said} was refused: {error}"
    return said
