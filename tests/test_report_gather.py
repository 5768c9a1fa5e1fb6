"""What a report takes in from stores and records, what it leaves out, and that its code and commands do as they say."""

from __future__ import annotations

import dataclasses
import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.__main__ import main, parse
from core.base.events import finish
from core.base.home import Home
from core.building import Build
from core.machine.session import SYSINFO
from core.measure.records import list_records
from core.report.code import loader_command, rebuild_command, snippet, storage_command, train_command
from core.report.compose import compose
from core.report.evidence import Evidence
from core.report.gather import gather
from core.report.questions import Answers
from core.report.ranking import loading_configurations
from core.stores.store import Manifest

ROOT = Path(__file__).parent.parent


def shapes(home: Home) -> Evidence:
    return gather(home, "shapes")


def change(path: Path, **fields: Any) -> None:
    """In a session's description of its machine."""
    told = json.loads(path.read_text())
    path.write_text(json.dumps({**told, **fields}))


def change_setup(home: Home, **fields: Any) -> None:
    """In the first line of the one record of a run."""
    [path] = [record.path for record in list_records(home) if record.of("repeat")]
    first, *rest = path.read_text().splitlines()
    path.write_text("\n".join([json.dumps({**json.loads(first), **fields}), *rest]) + "\n")


# ---------------------------------------------------------------- what is taken in


def test_a_run_is_found_with_its_stores(furnished: Home) -> None:
    told = shapes(furnished)
    assert {store.name for store in told.stores} == {"disk/original", "lmdb/raw", "hdf5/raw"}
    assert {row.store: row.speed.times for row in told.loading} == dict.fromkeys({s.name for s in told.stores}, 2)
    assert told.left_out == ()
    [configuration] = loading_configurations(told)
    assert (configuration.loader, configuration.batch_size, configuration.cache) == ("torch", 8, "warm")
    store = told.store("lmdb/raw")
    manifest = Manifest.load(Path(store.path))
    assert store.samples == 80
    assert store.allocated_bytes == sum(split["allocated_bytes"] for split in manifest.splits.values())
    assert store.even
    assert told.images.least <= 1.0 <= told.images.most
    assert len(told.raw["loading"]) == 6


def test_another_machines_run_is_left_out_and_said_so(furnished: Home) -> None:
    for sysinfo in furnished.runs.glob(f"*/{SYSINFO}"):
        change(sysinfo, processor="Another one", identity="00000000")
    told = shapes(furnished)
    assert told.loading == ()
    assert "another machine (processor: Another one" in told.left_out[0].reason


def test_a_run_of_other_images_is_left_out_and_said_so(furnished: Home) -> None:
    change_setup(furnished, fingerprints={"shapes": "0" * 32})
    told = shapes(furnished)
    assert told.loading == ()
    assert "other images" in told.left_out[0].reason


def test_a_run_that_is_older_than_its_store_is_left_out(furnished: Home) -> None:
    change_setup(furnished, started="2020-01-01T00:00:00+00:00")
    told = shapes(furnished)
    assert told.loading == ()
    assert {one.reason for one in told.left_out} == {"the store has been rebuilt since"}


def test_a_store_that_is_gone_takes_its_repeats_along(furnished: Home) -> None:
    (furnished.built / "shapes" / "lmdb" / "raw").rename(furnished.root / "elsewhere")
    told = shapes(furnished)
    assert {row.store for row in told.loading} == {"disk/original", "hdf5/raw"}
    assert [one.reason for one in told.left_out] == ["that store no longer exists"]


def test_a_run_of_fewer_stores_does_not_displace_one_of_more(furnished: Home) -> None:
    [path] = [record.path for record in list_records(furnished) if record.of("repeat")]
    setup, *repeats = map(json.loads, path.read_text().splitlines())
    later = {**setup, "started": "2999-01-01T00:00:00+00:00"}

    def run_again(name: str, rows: list[dict[str, Any]]) -> dict[str, float]:
        faster = [{**row, "samples_per_s": 7.0} for row in rows]
        path.with_name(f"loader-{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [later, *faster]))
        return {row.store: row.speed.median for row in shapes(furnished).loading}

    begun = [repeat for repeat in repeats if repeat["round"] == 1]
    assert 7.0 not in run_again("begun", begun).values(), "each store was measured once only"
    assert set(run_again("whole", repeats).values()) == {7.0}


def test_damaged_rows_are_left_out_and_said_so(furnished: Home) -> None:
    [path] = [record.path for record in list_records(furnished) if record.of("repeat")]
    lines = path.read_text().splitlines()
    repeat = json.loads(lines[1])
    broken = [{**repeat, "samples_per_s": None}, {**repeat, "samples_per_s": 0}, {"kind": "repeat"}]
    path.write_text("\n".join([*lines, *map(json.dumps, broken), '{"kind": "tu']) + "\n")
    told = shapes(furnished)
    assert {row.speed.times for row in told.loading} == {2}
    assert told.left_out[0].what.startswith("3 rows of")


def test_a_run_of_an_unknown_machine_is_left_out(furnished: Home) -> None:
    for sysinfo in furnished.runs.glob(f"*/{SYSINFO}"):
        sysinfo.unlink()
    told = shapes(furnished)
    assert told.loading == ()
    assert "does not say on which machine" in told.left_out[0].reason


# ---------------------------------------------------------------- code and commands


@pytest.mark.parametrize("name", ["disk/original", "lmdb/raw", "hdf5/raw"])
def test_the_snippet_runs_as_it_is(furnished: Home, name: str) -> None:
    told = shapes(furnished)
    configuration = loading_configurations(told)[0]
    lines = snippet(told.store(name), told, configuration).replace(
        "...  # your training step", "seen = images.shape, len(labels)"
    )
    script = f"{lines}\nprint(len(store), seen)\n"
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == "60 (torch.Size([4, 3, 16, 16]), 4)", "60 images in batches of 8: the last has 4"


def test_the_rebuild_command_builds_the_same_store(furnished: Home) -> None:
    options = {"group": "4", "level": "5"}
    finish(Build("shapes", "lmdb", "original", "zstd", options, home=str(furnished.root)).run())
    told = shapes(furnished)
    for store in told.stores:
        before = Manifest.load(Path(store.path))
        words = shlex.split(rebuild_command(store, told))
        assert words[:3] == ["python", "-m", "core"]
        assert main(words[3:]) == 0
        after = Manifest.load(Path(store.path))
        assert (after.variant, after.checksum) == (before.variant, before.checksum)


def test_the_commands_that_measure_are_understood(furnished: Home) -> None:
    told = shapes(furnished)
    elsewhere = dataclasses.replace(told, home=str(furnished.root / "other place"))
    for evidence in (told, elsewhere):
        configuration = loading_configurations(evidence)[0]
        for cold in (False, True):
            given = parse(shlex.split(loader_command(evidence, evidence.stores, configuration, cold=cold))[3:])
            assert given.stores == ["shapes/disk/original", "shapes/hdf5/raw", "shapes/lmdb/raw"]
            assert (given.loaders, given.batch_sizes, given.cache) == ("torch", "8", "cold" if cold else "warm")
        assert len(parse(shlex.split(train_command(evidence, evidence.stores))[3:]).stores) == 3
        assert parse(shlex.split(storage_command(evidence, evidence.stores))[3:]).variants == "original,raw"
    assert given.home == elsewhere.home


# ---------------------------------------------------------------- the verb


def test_the_verb_answers_in_json(furnished: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--answers", "scarce=disk", "--size", "5000", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["recommendation"]["store"] in {store.name for store in shapes(furnished).stores}
    assert told["answers"]["images"] == 5000
    assert {one["images"] for one in told["predictions"]} == {5000}
    assert len(told["loading"]) == 3
    assert told["loading"][0]["speed"]["times"] == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--answers", "scarce"], "QUESTION=ANSWER"),
        (["--answers", "scarce=love"], "choose one of"),
        (["--size", "0"], "number of images"),
        (["--dataset", "none"], "there is no dataset"),
        (["--to", "report.pdf"], ".html"),
        (["--to", "nowhere/report.html"], "folder is not there"),
    ],
)
def test_what_cannot_be_reported_is_one_line(
    arguments: list[str], said: str, furnished: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1


def test_without_a_dataset_the_verb_says_what_to_do(empty: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report"]) == 2
    assert "import one first" in capsys.readouterr().err


def test_a_report_without_any_measurement_says_so_everywhere(home: Home) -> None:
    told = compose(gather(home, "shapes"), Answers())
    assert told.recommendation.store is None
    texts = [getattr(block, "text", "") for section in told.sections for block in section.blocks]
    assert sum("Not measured" in text for text in texts) >= 6
