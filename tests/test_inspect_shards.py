"""Several files as one, by folder or pattern, and files that must be walked through before they can be read."""

from __future__ import annotations

import os
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shards_kind import three, write

from core.base import plugins
from core.base.errors import InputError
from core.base.events import Progress, Result
from core.base.home import Home
from core.inspect import kept_index, sharded_records, shards
from core.inspect.files import InspectedFile, inspect_file, open_inspected
from core.inspect.kinds import IdentifiedFile, identify
from core.inspect.sharded import OPEN, ShardedFile
from core.inspect.task import Index, Scan


def test_braces_and_ranges() -> None:
    assert shards.expanded("a-{08..10}.tar") == ["a-08.tar", "a-09.tar", "a-10.tar"]
    assert shards.expanded("{train,val}-{0..1}") == ["train-0", "train-1", "val-0", "val-1"]
    assert shards.expanded("a{b}c") == ["a{b}c"]
    with pytest.raises(InputError, match="more than 10,000"):
        shards.expanded("{0..99999999}")
    with pytest.raises(InputError, match="more than 10,000"):
        shards.expanded("{0..999}{0..999}")


def test_a_pattern_names_regular_files_of_its_folder_alone(lines: Path) -> None:
    paths = three(lines)
    (lines / "train-00003-of-00004").symlink_to(lines.parent / "elsewhere")
    write(lines.parent / "elsewhere", [(1, 1)])
    found = identify(lines / "train-*")
    assert (found.kind, found.path, found.paths) == ("lines", lines / "train-*", tuple(paths))
    assert "train-00003-of-00004: missing" in found.notes
    assert any("links, which are not followed" in note for note in found.notes)
    assert identify(lines / "train-{00000..00001}-of-00004").paths == tuple(paths[:2])
    assert identify(lines / "train-00000*").path == paths[0]
    with pytest.raises(InputError, match="matches no file"):
        identify(lines / "other-*")
    with pytest.raises(InputError, match="does not exist"):
        identify(lines.parent / "*" / "train-00000-of-00004")
    (lines / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (lines / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(InputError, match="cannot be opened as one"):
        identify(lines / "*.png")


def test_a_folder_of_shards_is_one(lines: Path) -> None:
    paths = three(lines)
    (lines / "README.md").write_text("words")
    found = identify(lines)
    assert (found.kind, found.path, found.paths) == ("lines", lines, tuple(paths))
    (lines / "large.bin").write_bytes(bytes(1000))  # most of the folder is something else
    assert identify(lines).kind == "folder"


def test_records_of_all_shards_with_their_names(lines: Path) -> None:
    three(lines)
    (lines / "train-00003-of-00004").write_bytes(b"LINES\n1 2\nno end")
    about = inspect_file(lines, index=-2)
    assert (about["entries"], about["kind"], about["schema"]) == (6, "lines", "lines")
    assert about["keys"][:3] == [
        "train-00000-of-00004:first of train", "train-00000-of-00004:line 1", "train-00001-of-00004:first of train",
    ]  # fmt: skip
    assert about["fields"] == ["grey", "twice", "second"]
    kinds = {finding["kind"]: finding for finding in about["findings"]}
    assert kinds["shard-unreadable"]["where"] == "train-00003-of-00004: a line at byte 10 has no end"
    assert (kinds["large"]["count"], kinds["large"]["where"]) == (1, "train-00002-of-00004")
    assert (kinds["duplicate-keys"]["count"], kinds["duplicate-keys"]["where"]) == (2, "first of train, line 1")
    assert about["structure"]["shard_count"] == 4
    assert about["structure"]["first_shard"]["read_cost"]["random_bytes"] == 4
    sample = about["sample"]
    assert sample["key"] == "train-00002-of-00004:line 1"
    assert (sample["label"], sample["images"]) == (4, ["twice"])
    assert sample["fields"]["second"] == 4
    assert sample["findings"][0]["where"] == "train-00002-of-00004: line 1"


def test_further_images_come_over_the_wire(lines: Path) -> None:
    path = write(lines / "one", [(7, 1)])
    with open_inspected(path) as file:
        sample = file.sample(0)
        assert sample.about["images"] == ["grey", "twice"]
        assert [one["name"] for one in sample.about["further"]] == ["twice"]
        assert sample.pixels is not None
        assert sample.further[0] is not None
        assert (int(sample.pixels[0, 0, 0]), int(sample.further[0][0, 0, 0])) == (7, 14)
        assert file.find("line 1") is None


def test_few_shards_are_open_at_a_time(lines: Path) -> None:
    paths = [write(lines / f"{number:03d}", [(number % 9, 0)] * 2) for number in range(3 * OPEN)]
    plugins.load_plugins()
    file = ShardedFile("lines", lines, paths)
    while (walked := file.index_step(1.0))[0] < walked[1]:
        pass
    _, records = file.understood(None)
    assert len(records) == 6 * OPEN
    for index in (5, 70, 0, 33):
        assert records.key(index).startswith(f"{index // 2:03d}:")
        assert records.find(records.key(index)) == index
    assert records.find("line 1") == 1
    assert len(file._open) <= OPEN


def test_more_shards_than_can_be_opened_in_time_are_refused(lines: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = three(lines)
    plugins.load_plugins()
    file = ShardedFile("lines", lines, paths)
    while (walked := file.index_step(1.0))[0] < walked[1]:
        pass
    monkeypatch.setattr(sharded_records, "OPENING_SECONDS", -1.0)
    with pytest.raises(InputError, match=r"3 files, of which 0 were opened.*give a pattern of fewer"):
        file.understood(None)


def test_a_walk_is_kept_and_gone_on_with(lines: Path) -> None:
    path = write(lines / "slow", [(number % 9, 0) for number in range(200)], slow=True)
    home = Home(lines.parent / "home")
    with InspectedFile(path, home=home) as file:
        assert not file.complete
        told = file.summary()
        first = told["entries"]
        assert 0 < first < 200
        assert told["findings"][0]["kind"] == "index-incomplete"
        steps = list(file.walk(0.2))
        assert steps
        assert file.summary()["entries"] > first
    with InspectedFile(path, home=home) as file:  # from there, whatever was walked before
        assert file.summary()["entries"] > first
        assert file.summary()["structure"]["steps"] < file.summary()["entries"]
        for _ in file.walk():
            pass
        assert file.complete
        assert file.summary()["findings"] == []
    with InspectedFile(path, home=home) as file:
        assert file.complete
        assert (file.summary()["entries"], file.summary()["structure"]["steps"]) == (200, 0)
    assert list(lines.iterdir()) == [path]


def test_a_scan_counts_findings(lines: Path) -> None:
    three(lines)
    *_, end = Scan(str(lines), home=str(lines.parent / "home")).run()
    assert isinstance(end, Result)
    assert (end.data["entries"], end.data["decoded"]) == (6, 5)
    assert [bad["key"] for bad in end.data["bad"]] == ["train-00002-of-00004:line 1"]
    counts = {one["kind"]: (one["count"], one["where"]) for one in end.data["findings"]}
    assert counts["no-image"] == (1, "train-00002-of-00004: line 1")
    assert counts["large"] == (1, "train-00002-of-00004")


def test_the_index_is_made_by_a_task_that_tells_how_far_it_is(lines: Path) -> None:
    path = write(lines / "slow", [(1, 1)] * 120, slow=True)
    *steps, end = Index(str(path), str(lines.parent / "home")).run()
    assert end == Result({"entries": 120, "bytes": path.stat().st_size})
    told = [step for step in steps if isinstance(step, Progress)]
    assert [step.stage for step in told] == ["index"] * len(told)
    assert told[-1].done == told[-1].total == path.stat().st_size
    assert told[-1].left_s is not None
    with closing(Scan(str(path), home=str(lines.parent / "other")).run()) as scanned:
        walked = list(islice(scanned, 6))
    assert {(step.stage, step.left_s) for step in walked} == {("index", None)}, "a scan takes longer than its walk"
    assert list(Index(str(path), str(lines.parent / "home")).run()) == [end]  # it is kept


def test_an_index_of_another_state_of_the_file_is_not_used(lines: Path) -> None:
    path = write(lines / "file", [(1, 1)] * 3)
    home, plain = Home(lines.parent / "home"), IdentifiedFile("lines", path)
    plugins.load_plugins()
    arrays = {"starts": np.array([6, 10, 14]), "at": np.array([18])}
    kept_index.keep(home, plain, arrays, True)
    place = kept_index.kept(home, plain)
    assert place is not None
    read = kept_index.read(place)
    assert {name: array.tolist() for name, array in read.items()} == {"starts": [6, 10, 14], "at": [18]}
    for change in range(8, place.stat().st_size, 37):
        data = bytearray(place.read_bytes())
        data[change] ^= 0x55
        spoiled = place.with_name("spoiled")
        spoiled.write_bytes(data)
        try:
            changed: Any = {name: array.tolist() for name, array in kept_index.read(spoiled).items()}
        except (ValueError, KeyError, TypeError, UnicodeDecodeError):
            continue
        assert changed.keys() != read.keys() or change < 400  # within the header's texts
    os.utime(path, ns=(1, 1))
    assert kept_index.kept(home, plain) is None


def test_a_wrong_index_is_walked_anew(lines: Path) -> None:
    path = write(lines / "file", [(1, 1)] * 3)
    home = Home(lines.parent / "home")
    plugins.load_plugins()
    kept_index.keep(home, identify(path), {"starts": np.array([6, 10**9]), "at": np.array([18])}, True)
    with InspectedFile(path, home=home) as file:
        assert file.summary()["entries"] == 3


def test_the_oldest_indexes_go_first(lines: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(lines.parent / "home")
    plugins.load_plugins()
    monkeypatch.setattr(kept_index, "MOST_BYTES", 25_000)
    found = [IdentifiedFile("lines", write(lines / f"{number}", [(1, 1)])) for number in range(3)]
    for number, one in enumerate(found):
        kept_index.keep(home, one, {"a": np.zeros(1250, np.int64)}, True)
        place = kept_index.kept(home, one)
        assert place is not None
        os.utime(place, (number, number))
    assert [kept_index.kept(home, one) is not None for one in found] == [False, True, True]
