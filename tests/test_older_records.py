"""Records of earlier versions are read by today's names; what the command line prints keeps its names."""

from __future__ import annotations

import json

from results_fixtures import write_record

from core.base.home import Home
from core.measure.background_load import background_load
from core.measure.loader_runs import as_loader_run, rank_configurations
from core.measure.record_fields import printed, renamed
from core.measure.records import RunRecorder, read_record
from core.measure.series import measures

ABOUT = {"store": "lmdb/raw", "format": "lmdb", "variant": "raw", "loader": "fast"}


def test_a_loader_run_of_an_earlier_version(empty: Home) -> None:
    names = ("lmdb/raw, fast", "lmdb/raw, naive")
    rows = [
        {"kind": "turn", "setting": name, **ABOUT, "samples_per_s": speed, "others_share": 0.25}
        for name in names for speed in (100.0, 110.0)
    ]  # fmt: skip
    rows.append({"kind": "refused", "setting": names[1], "store": "lmdb/raw", "reason": "other pixels"})
    setup = {"stores": ["lmdb/raw"], "rounds": 2, "seconds": 1.0, "split": "train",
             "settings": [{"setting": name, **ABOUT} for name in names]}  # fmt: skip
    record = write_record(empty, "loader", rows, **setup)
    assert record.lost == 0
    assert [row["kind"] for row in record.rows] == ["repeat"] * 4 + ["refused"]
    assert not {"setting", "others_share"} & {name for row in record.rows for name in row}
    run = as_loader_run(record)
    assert run is not None
    assert run.complete
    [result] = rank_configurations(run.repeats)
    assert (result.configuration, result.median, result.repeats) == (names[0], 105.0, 2)
    assert background_load(run.repeats) == 0.25
    assert [measure.name for measure in measures(record)] == ["samples_per_s"]


def test_the_methods_of_an_earlier_storage_run(empty: Home) -> None:
    row = {"kind": "row", "format": "lmdb", "variant": "raw", "operation": "read-one", "samples": 1, "seconds": [0.1]}
    record = write_record(empty, "storage", [row], ways=["lmdb/raw"], cutoffs=[1])
    assert record.setup["methods"] == ["lmdb/raw"]


def test_todays_name_wins_where_both_are_there() -> None:
    assert renamed({"kind": "turn", "others_share": 0.5, "background_load": 0.1}) == {
        "kind": "repeat", "background_load": 0.1,
    }  # fmt: skip


def test_what_is_written_has_todays_names(empty: Home) -> None:
    recorder = RunRecorder.begin(empty, "loader", ["shapes"], {"settings": [], "ways": ["lmdb/raw"]})
    recorder.add("turn", {"setting": "a", "samples_per_s": 1.0})
    setup, row = map(json.loads, recorder.path.read_text().splitlines())
    assert setup["methods"] == ["lmdb/raw"]
    assert "configurations" in setup
    assert row == {"kind": "repeat", "configuration": "a", "samples_per_s": 1.0}
    assert read_record(recorder.path) is not None


def test_what_is_printed_keeps_its_names() -> None:
    told = {"configurations": [{"configuration": "a"}], "methods": ["lmdb/raw"], "background_load": 0.1}
    assert printed(told) == {"settings": [{"setting": "a"}], "ways": ["lmdb/raw"], "background_load": 0.1}
