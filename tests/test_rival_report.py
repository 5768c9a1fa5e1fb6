"""The report and the plans on a home whose records have rivals in them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from core.__main__ import parse
from core.base.home import Home
from core.measure.records import list_records
from core.report.compose import compose
from core.report.document import Chart, Code, Points, Section, Table, Text
from core.report.evidence import Evidence
from core.report.gather import gather
from core.report.questions import Answers
from core.report.ranking import loading_configurations
from core.scale.measuring import MeasureScale
from core.scale.run_rates import newest_pace
from tests.rival_records import columns, registered


@pytest.fixture(autouse=True)
def _rivals() -> Iterator[None]:
    with registered():
        yield


def add_rivals(home: Home, speed: float = 0.5) -> None:
    """Give the one run of the home rows of two rivals, `speed` times as fast as ours from lmdb/raw. One has a container
    that is called as our store is."""
    [record] = [record for record in list_records(home) if record.of("repeat")]
    ours = [row for row in record.of("repeat") if row["store"] == "lmdb/raw"]
    rows: list[dict[str, Any]] = []
    for loader, store in (("tars", "tar/raw"), ("pages", "lmdb/raw")):
        format, variant = store.split("/")
        rows += [
            {**row, **columns(5.0, 10**8, 10**6, 1.0), "loader": loader, "store": store, "format": format,
             "variant": variant, "rival": True, "configuration": f"{store}, {loader}", "stages": {}, "ceilings": {},
             "samples_per_s": speed * row["samples_per_s"]}
            for row in ours
        ]  # fmt: skip
    refused = {**rows[0], "kind": "refused", "configuration": "odd", "loader": "odd", "reason": "it hung"}
    with record.path.open("a") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in (*rows, refused))


def steady(home: Home) -> None:
    """Give all repeats of the one run of the home the same speed: what a busy machine measured may have any spread."""
    [record] = [record for record in list_records(home) if record.of("repeat")]
    rows = [json.loads(line) for line in record.path.read_text().splitlines()]
    told = [{**row, "samples_per_s": 1000.0} if row.get("kind") == "repeat" else row for row in rows]
    record.path.write_text("".join(json.dumps(row) + "\n" for row in told))


def section_of(evidence: Evidence) -> Section:
    report = compose(evidence, Answers())
    return next(section for section in report.sections if section.name == "loaders")


def test_rivals_are_taken_for_none_of_our_stores(furnished: Home) -> None:
    before = gather(furnished, "shapes")
    add_rivals(furnished, 50.0)
    told = gather(furnished, "shapes")
    assert {row.store: row.speed.values for row in told.loading} == {
        row.store: row.speed.values for row in before.loading
    }
    assert told.left_out == ()
    assert {configuration.loader for configuration in loading_configurations(told)} == {"torch"}
    [comparison] = told.loaders
    assert [line.about["loader"] for line in comparison.rivals] == ["tars", "pages"]
    assert comparison.ours[0].about["store"] in ("lmdb/raw", "hdf5/raw")
    assert {row["loader"] for row in told.raw["rivals"]} == {"tars", "pages"}
    assert compose(told, Answers()).recommendation == compose(before, Answers()).recommendation


def test_the_section_answers_whether_another_loader_is_faster(furnished: Home) -> None:
    steady(furnished)
    add_rivals(furnished)
    section = section_of(gather(furnished, "shapes"))
    texts = [block.text for block in section.blocks if isinstance(block, Text)]
    assert texts[0].startswith("Is another loader faster here? No: none of 2 rivals")
    [table, refused] = [block for block in section.blocks if isinstance(block, Table)]
    assert [row[0] for row in table.rows if row[0].startswith("Tar Shards")] == ["Tar Shards (tar/raw)"]
    assert refused.rows == [("odd (tar/raw)", "it hung")]
    assert any(isinstance(block, Chart) for block in section.blocks)
    assert any(isinstance(block, Points) and "loader-" in block.texts[0] for block in section.blocks)


def test_a_faster_rival_is_called_so(furnished: Home) -> None:
    steady(furnished)
    add_rivals(furnished, 50.0)
    [first, *_] = section_of(gather(furnished, "shapes")).blocks
    assert isinstance(first, Text)
    assert first.text.startswith("Is another loader faster here? Yes: Tar Shards (tar/raw) at raw, batches of 8")


def test_without_rivals_it_says_how_to_ask(furnished: Home) -> None:
    section = section_of(gather(furnished, "shapes"))
    [command] = [block.text for block in section.blocks if isinstance(block, Code)]
    assert "--loaders fast,webdataset" in command
    assert "--rounds 5" in command
    assert parse(shlex.split(command)[3:]) is not None


def test_plans_go_by_no_rival(furnished: Home) -> None:
    add_rivals(furnished, 50.0)
    [path] = furnished.runs.glob("*/loader-*.jsonl")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    told = [row if row.get("rival") else {**row, "loader": "fast", "samples_per_s": 1000.0, "cpus": 2} for row in rows]
    path.write_text("".join(json.dumps(row) + "\n" for row in told))
    pace = newest_pace(furnished, MeasureScale("shapes", "lmdb", "raw", batch_size=8).subject(furnished))
    assert pace is not None
    assert pace.image_s == pytest.approx(2 / 1000)
