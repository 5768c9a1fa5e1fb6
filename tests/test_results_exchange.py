"""Runs that travel: as one file from one home to another, and from the old notebooks' summaries."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from core.base.errors import InputError
from core.base.events import finish
from core.base.home import Home
from core.building import Build
from core.measure import exchange
from core.measure.exchange import CONTENTS, bundle, bundle_name, open_bundle
from core.measure.imported_runs import delete_run
from core.measure.legacy_summary import open_summary, size_warnings
from core.measure.monitor import read_monitor
from core.measure.records import list_records, read_record, salvage_record
from core.measure.series import BUILD, SIZE, measures, series
from tests.results_fixtures import loader_record


@pytest.fixture
def there(tmp_path: Path) -> Home:
    """Somebody else's home."""
    return Home(tmp_path / "there")


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def test_a_run_is_sent_and_opened_as_it_was(empty: Home, there: Home) -> None:
    record = loader_record(empty)
    opened = open_bundle(there, bundle(record), bundle_name(record))
    assert (opened.setup, opened.rows, opened.machine) == (record.setup, record.rows, record.machine)
    assert read_monitor(opened.beside("monitor.csv")) == read_monitor(record.beside("monitor.csv")) != []
    assert opened.foreign["from"] == "loader-20260101-010000-000000.run.zip"
    assert opened.path.is_relative_to(there.runs)


def test_what_came_from_elsewhere_is_listed_only_where_it_is_asked_for(empty: Home, there: Home) -> None:
    open_bundle(there, bundle(loader_record(empty)), "x.zip")
    assert list_records(there) == []
    assert len(list_records(there, foreign=True)) == 1


def test_opened_twice_it_is_there_once_and_nothing_is_overwritten(empty: Home, there: Home) -> None:
    data = bundle(loader_record(empty))
    first = open_bundle(there, data, "x.zip")
    (first.path.parent / "note.txt").write_text("mine")
    assert open_bundle(there, data, "y.zip").path == first.path
    assert (first.path.parent / "note.txt").read_text() == "mine"
    assert len(list_records(there, foreign=True)) == 1


def test_a_run_that_was_measured_here_is_not_doubled(empty: Home) -> None:
    record = loader_record(empty)
    assert open_bundle(empty, bundle(record), "x.zip").path == record.path
    assert len(list_records(empty, foreign=True)) == 1


def test_a_foreign_run_can_be_sent_on_and_deleted(empty: Home, there: Home, tmp_path: Path) -> None:
    opened = open_bundle(there, bundle(loader_record(empty)), "x.zip")
    again = open_bundle(Home(tmp_path / "third"), bundle(opened), "y.zip")
    assert again.rows == opened.rows
    delete_run(there, opened)
    assert list_records(there, foreign=True) == []
    assert not opened.path.parent.exists()


def test_deleting_a_run_leaves_the_others_of_its_session(empty: Home) -> None:
    record = loader_record(empty)
    other = record.path.with_name("loader-20260101-020000-000000.jsonl")
    other.write_bytes(record.path.read_bytes())
    delete_run(empty, record)
    assert sorted(path.name for path in record.path.parent.iterdir()) == [other.name, "sysinfo.json"]


def hostile(good: Mapping[str, bytes]) -> dict[str, bytes]:
    """Archives that must not be taken, by what is wrong with them."""
    record = next(name for name in good if name.endswith(".jsonl"))
    contents = json.loads(good[CONTENTS])
    link = zipfile.ZipInfo("sysinfo.json")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    return {
        "no zip": b"PK\3\4 not really",
        "nothing": b"",
        "another zip": packed({"a.txt": b"x"}),
        "a path that climbs": packed({**good, "../../evil.jsonl": b"x"}),
        "an absolute path": packed({**good, "/tmp/evil": b"x"}),
        "a folder": packed({**good, "sub/": b""}),
        "a name of ours": packed({**good, "record": b"x"}),
        "two runs": packed({**good, record.replace("01-", "02-"): b"x"}),
        "no contents": packed({name: data for name, data in good.items() if name != CONTENTS}),
        "no record": packed({name: data for name, data in good.items() if name != record}),
        "a changed record": packed({**good, record: good[record] + b"{}\n"}),
        "a file that was not packed": packed({**good, CONTENTS: json.dumps({**contents, "files": {}}).encode()}),
        "contents that nest": packed({**good, CONTENTS: b"[" * 60_000}),
        "contents of another shape": packed({**good, CONTENTS: b'{"format_matters_run": 1, "record": 3}'}),
        "a newer version": packed({**good, CONTENTS: json.dumps({**contents, "format_matters_run": 9}).encode()}),
        "another packing": packed(good, zipfile.ZIP_LZMA),
        "a link": out.getvalue(),
        "cut short": packed(good)[:-40],
    }


def test_whatever_is_wrong_with_a_file_is_refused_in_one_sentence_and_leaves_nothing(empty: Home, there: Home) -> None:
    for wrong, data in hostile(unpacked(bundle(loader_record(empty)))).items():
        with pytest.raises(InputError) as told:
            open_bundle(there, data, "their.zip")
        assert "their.zip" in str(told.value), wrong
        assert not list(there.root.rglob("*")), wrong


def test_a_run_that_unpacks_to_too_much_is_refused(empty: Home, there: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    data = bundle(loader_record(empty))
    monkeypatch.setitem(exchange.LIMITS, "record", 500)
    with pytest.raises(InputError, match="larger than"):
        open_bundle(there, data, "bomb.zip")
    monkeypatch.setattr(exchange, "LONGEST_FILE", 500)
    with pytest.raises(InputError, match="no run is that large"):
        open_bundle(there, data, "big.zip")


def test_a_size_that_lies_is_found_out(empty: Home, there: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bomb tells a small size and unpacks to a large one: reading stops at the limit, whatever it tells."""
    good = unpacked(bundle(loader_record(empty)))
    data = bytearray(packed({**good, "monitor.csv": b"1" * 3_000_000}))
    for at in (data.find(b"monitor.csv") - 8, data.rfind(b"monitor.csv") - 46 + 24):
        data[at : at + 4] = (5).to_bytes(4, "little")
    monkeypatch.setitem(exchange.LIMITS, "monitor.csv", 1_000_000)
    with pytest.raises(InputError):
        open_bundle(there, bytes(data), "bomb.zip")
    assert not list(there.root.rglob("*"))


@pytest.mark.parametrize("session", ["../../evil", "", ".", "a/b", "x" * 300, "é\n"])
def test_a_sessions_name_decides_nothing(empty: Home, there: Home, session: str) -> None:
    good = unpacked(bundle(loader_record(empty)))
    contents = json.dumps({**json.loads(good[CONTENTS]), "session": session}).encode()
    opened = open_bundle(there, packed({**good, CONTENTS: contents}), "x.zip")
    assert opened.path.parent.parent == there.runs
    assert opened.path.parent.name.startswith("foreign-unknown-")


def test_a_record_of_nothing_is_refused(empty: Home, there: Home) -> None:
    record = loader_record(empty)
    record.path.write_text(record.path.read_text().splitlines()[0] + "\n")
    with pytest.raises(InputError, match="holds no measurements"):
        open_bundle(there, bundle(record), "x.zip")


# ---------------------------------------------------------------- damage


def test_a_damaged_record_is_read_as_far_as_it_goes(empty: Home) -> None:
    record = loader_record(empty)
    lines = record.path.read_text().splitlines()
    record.path.write_text("\n".join([lines[0], "garbage", *lines[1:4], lines[4][:30]]))
    found = read_record(record.path)
    assert found is not None
    assert (len(found.rows), found.lost) == (3, 2)


def test_a_record_without_its_setup_is_salvaged(empty: Home) -> None:
    record = loader_record(empty)
    lines = record.path.read_text().splitlines()
    record.path.write_text("\n".join([lines[0][:50], *lines[1:]]))
    assert read_record(record.path) is None
    found = salvage_record(record.path)
    assert found is not None
    assert (found.experiment, found.setup["started"], found.lost) == ("loader", "2026-01-01T01:00:00+00:00", 1)
    assert len(found.rows) == 12


def test_fields_of_the_wrong_kind_do_not_get_through(empty: Home) -> None:
    record = loader_record(empty, datasets="shapes", started=5, session=None)
    assert (record.setup["datasets"], record.setup["session"]) == ([], "session-1")


# ---------------------------------------------------------------- the notebooks' summary

HEADER = "stage,dataset,format,variant,split,items,bytes_on_disk,num_files,avg_file_size,build_wall_s,timestamp"
SUMMARY = f"""{HEADER}
build,cifar10,lmdb,raw,train,50000,9500000256,2,4750000128,31.5,2025-05-01T10:00:00
build,cifar10,hdf5,raw,train,50000,153602048,1,153602048,12.25,2025-05-01T10:01:00
build,cifar10,disk,png,train,50000,115000000,50000,2300,55,2025-05-01T10:02:00
"""


def test_a_notebooks_summary_is_a_run(empty: Home) -> None:
    record = open_summary(empty, SUMMARY.encode(), "summary.csv")
    assert (record.experiment, record.setup["datasets"]) == ("notebook", ["cifar10"])
    assert record.setup["started"] == "2025-05-01T10:00:00+00:00"
    assert record.foreign["from"] == "summary.csv"
    assert measures(record) == [BUILD, SIZE]
    found = {dict(one.parts)["store"]: one.values for one in series(record, BUILD)}
    assert found == {"lmdb/raw": (31.5,), "hdf5/raw": (12.25,), "disk/png": (55.0,)}
    assert (record.path.parent / "summary.csv").read_text() == SUMMARY


def test_a_summary_that_is_opened_twice_is_there_once(empty: Home) -> None:
    for text in (SUMMARY, SUMMARY, "format,items\nlmdb,3\n", "format,items\nlmdb,3\n"):
        open_summary(empty, text.encode(), "summary.csv")
    assert len(list_records(empty, foreign=True)) == 2


def test_a_size_that_cannot_be_is_called_out_with_numbers(empty: Home) -> None:
    [warning] = size_warnings(empty, open_summary(empty, SUMMARY.encode(), "summary.csv"))
    assert "lmdb/raw of cifar10 train: 9.50 GB is most likely the map that LMDB reserved" in warning
    assert "190 kB per image is 61.8 times what any other format here took" in warning


def test_a_whole_number_of_mebibytes_is_a_map(empty: Home) -> None:
    text = f"{HEADER}\nbuild,a,lmdb,raw,train,10,{(10 << 30) + 8192},2,,1,\n"
    [warning] = size_warnings(empty, open_summary(empty, text.encode(), "s.csv"))
    assert "it is exactly 10,240 MiB, as maps are given" in warning


def test_what_was_built_here_is_set_against_it(home: Home) -> None:
    finish(Build("shapes", "lmdb", "raw").run())
    text = f"{HEADER}\nbuild,shapes,lmdb,raw,train,50,1000000001,2,,1,\n"
    [warning] = size_warnings(home, open_summary(home, text.encode(), "s.csv"))
    assert "the largest LMDB store of shapes that was built here occupies" in warning


def test_a_size_that_may_be_right_is_doubted_and_no_more(empty: Home) -> None:
    text = f"{HEADER}\nbuild,a,lmdb,raw,train,10,40960,2,,1,\n"
    [warning] = size_warnings(empty, open_summary(empty, text.encode(), "s.csv"))
    assert "may be the map" in warning


def test_sizes_of_other_formats_and_those_that_we_measured_are_trusted(empty: Home) -> None:
    ours, other = "build,a,lmdb,raw,train,10,40960,2,,1,,40960", f"build,a,hdf5,raw,train,10,{1 << 30},2,,1,,1"
    text = f"{HEADER},used_bytes\n{ours}\n{other}\n"
    assert size_warnings(empty, open_summary(empty, text.encode(), "s.csv")) == []


def test_fewer_columns_and_others_are_fine(empty: Home) -> None:
    text = "\ufeff Variant ,samples_per_s,remark\nlmdb,1200,good\n\nhdf5,,\nhdf5,nan,=1+1\n"
    record = open_summary(empty, text.encode(), "s.csv")
    assert [row["store"] for row in record.rows] == ["lmdb", "hdf5", "hdf5"]
    assert [measure.name for measure in measures(record)] == ["samples_per_s"]
    assert record.setup["datasets"] == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "needs a column"),
        ("a,b\n1,2\n", "it has: a, b"),
        (HEADER + "\n", "no rows"),
        ("\0\1\2", "s.csv"),
        ("format\n" + "x\n" * 20_001, "more than 20,000 rows"),
        ("format\n" + '"' + "x" * 200_000, "not a CSV file"),
    ],
)
def test_what_is_no_summary_is_refused(empty: Home, text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        open_summary(empty, text.encode(), "s.csv")
    assert not list(empty.runs.glob("foreign-*"))
