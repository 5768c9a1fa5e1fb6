"""The suite's steps: images, environments, time, and the whole of it once, interrupted and gone on with."""

from __future__ import annotations

import dataclasses
import sys
import threading
import time
import types
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from PIL import Image

from core.base.errors import InputError, WorkError
from core.base.events import Event, Message, Progress, finish
from core.base.home import Home
from core.datasets.dataset import Dataset
from core.measure import rival_course
from core.measure.runs import all_runs
from core.measure.suite_file import parse_suite
from core.rivals import RIVALS
from core.rivals.environments import Environments
from core.rivals.registration import EnvironmentSpec
from core.suite import LoaderSuite, entrants
from core.suite.estimate import SuiteEffort, SuitePlan, fitted, told_estimate
from core.suite.generated import KINDS, image_file
from core.suite.images import SuiteImages, encoding_of_files, images_for, kind_of, suite_dataset, told_images
from core.suite.installing import THREAD, ParallelInstalls
from core.suite.suite_stores import recipe_of
from core.suite.workloads import PHOTOS, SMALL, WORKLOADS, chosen_workloads
from tests import toy_rival
from tests.process_commands import command_of


def result_of(events: Iterator[Event]) -> object:
    """What a generator of events returns."""
    while True:
        try:
            next(events)
        except StopIteration as ended:
            return ended.value


# ---------------------------------------------------------------- images


def test_generated_images_are_always_the_same_and_as_large_as_real_ones() -> None:
    small, photo = image_file(SMALL, 7), image_file(PHOTOS, 7)
    assert small == image_file(SMALL, 7) != image_file(SMALL, 8)
    assert 700 < len(small) < 1_400
    assert 80_000 < len(photo) < 120_000
    assert KINDS[PHOTOS][:2] == (375, 500)


def test_images_are_generated_into_a_dataset_of_one_split(tmp_path: Path) -> None:
    home, images = Home(tmp_path), SuiteImages(SMALL, "")
    dataset = result_of(suite_dataset(home, images, 20))
    assert isinstance(dataset, Dataset)
    assert (dataset.splits, len(dataset.classes), kind_of(dataset)) == ({"train": 20}, 10, SMALL)
    assert encoding_of_files(dataset) == "jpeg"
    told = told_images(dataset, images, "")
    assert (told["generated"], told["samples"], told["shape"]) == (True, 20, "32 x 32 pixels")
    assert recipe_of(dataset, WORKLOADS["small-jpeg"])[0] == "original"
    assert not list((tmp_path / "data" / "suite" / ".making").glob("*/*"))
    assert result_of(suite_dataset(home, images, 20)) == dataset  # found, not made again


def test_from_photos_small_ones_are_made(tmp_path: Path) -> None:
    folder = tmp_path / "given"
    for number in range(6):
        place = folder / f"class{number % 2}" / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (200 + number, 150), (number * 40, 0, 0)).save(place)
    home = Home(tmp_path / "home")
    chosen = result_of(images_for(home, str(folder), "", [SMALL, PHOTOS], 4))
    assert isinstance(chosen, dict)
    assert (chosen[PHOTOS].scaled, chosen[SMALL].scaled) == (False, True)
    small = result_of(suite_dataset(home, chosen[SMALL], 3))
    photos = result_of(suite_dataset(home, chosen[PHOTOS], 100))
    assert isinstance(small, Dataset)
    assert isinstance(photos, Dataset)
    assert dict(small.shapes()) == {(32, 32, 3): 3}
    assert encoding_of_files(small) == "jpeg"
    assert photos.name == chosen[PHOTOS].source  # all of one kind and not too many: as they are
    assert recipe_of(photos, WORKLOADS["photos-raw"]) == ("raw", {"size": 256})
    assert recipe_of(photos, WORKLOADS["photos-jpeg"]) == ("jpeg", {})


# ---------------------------------------------------------------- environments


def test_installations_run_two_at_a_time_and_a_failing_one_keeps_its_reason() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def install(fails: bool) -> Iterator[Event]:
        nonlocal running, most
        with lock:
            running, most = running + 1, max(most, running + 1)
        yield Message("begun")
        time.sleep(0.05)
        with lock:
            running -= 1
        if fails:
            raise WorkError("no compiler")

    installs = ParallelInstalls([(f"env{number}", lambda number=number: install(number == 2)) for number in range(5)])
    assert result_of(installs.run()) == {f"env{number}": "no compiler" if number == 2 else "" for number in range(5)}
    assert most == 2


def test_interrupted_installations_are_closed() -> None:
    closed = []

    def install() -> Iterator[Event]:
        try:
            while True:
                yield Progress("x", 0, 1)
                time.sleep(0.01)
        finally:
            closed.append(True)

    events = ParallelInstalls([("a", install), ("b", install), ("c", install)]).run()
    next(events)
    events.close()
    assert len(closed) == 2
    assert not [one for one in threading.enumerate() if one.name == THREAD]


# ---------------------------------------------------------------- time


def test_what_does_not_fit_is_reduced_but_never_below_five_rounds() -> None:
    workloads = chosen_workloads(["all"], None)
    effort = SuiteEffort({one.name: 18 for one in workloads}, 400.0)
    plan = SuitePlan(workloads, 8, 2, 2.0)
    assert fitted(plan, effort, None) == plan
    tight = fitted(plan, effort, 30)
    assert (tight.rounds, tight.seconds) == (5, 1.0)
    assert sum(one.count for one in tight.workloads) < sum(one.count for one in workloads)
    assert len(tight.dropped) == 3
    assert plan.again(tight.told()) == tight
    assert "small-png" in told_estimate(effort, plan)


def test_what_was_asked_for_wrongly_is_told() -> None:
    with pytest.raises(InputError, match="unknown workload 'x'"):
        chosen_workloads(["x"], None)
    with pytest.raises(InputError, match="1 or more"):
        chosen_workloads(["all"], 0)


# ---------------------------------------------------------------- the whole


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The toys in the place of ours, whose processes take seconds to start, and a rival that cannot be installed."""
    monkeypatch.setenv("FORMAT_MATTERS_PLUGINS", "tests.toy_rival")
    monkeypatch.setattr(entrants, "OURS", ("toy-honest",))
    package = types.ModuleType("toy_package")
    package.ENVIRONMENT = EnvironmentSpec(name="nowhere", steps=(("toy==1",),), module="toy")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "toy_package", package)

    def install(self: Environments, spec: EnvironmentSpec, later_s: float = 0.0) -> Iterator[Event]:
        yield Progress(spec.name, 0, 1)
        raise WorkError("no compiler was found")

    def ceilings(path: str, **_: object) -> Iterator[Event]:  # a process that imports torch measures them
        yield from ()
        return {"collate": 1e9}

    monkeypatch.setattr(rival_course, "ceilings_of", ceilings)
    monkeypatch.setattr(Environments, "install", install)
    absent = dataclasses.replace(
        toy_rival.registration("honest", environment="nowhere"), where="toy_package.loader:X", encodings=("jpeg",)
    )
    assert "toy-honest" in RIVALS
    RIVALS.register("toy-absent", absent)
    yield
    RIVALS.unregister("toy-absent")


@pytest.mark.usefixtures("toys")
def test_the_whole_suite_interrupted_and_gone_on_with(tmp_path: Path) -> None:
    rivals = ("toy-fails-epoch", "toy-absent")
    work = ("small-jpeg", "small-jpeg-cold")
    suite = LoaderSuite(
        rivals=rivals, workloads=work, rounds=1, seconds=0.02, limit=24, out=str(tmp_path / "out"), home=str(tmp_path)
    )
    events = suite.run()
    said = []
    for event in events:
        if isinstance(event, Message):
            said.append(event.text)
            if "done in" in event.text:
                break
    events.close()
    assert said[0].startswith("the suite takes about ")
    assert "nowhere takes no part: no compiler was found" in said
    assert not (tmp_path / "out").exists()

    result = finish(LoaderSuite(**dataclasses.asdict(suite)).run())
    told = parse_suite(Path(result["json"]).read_bytes(), "a.json")
    first, second = told["workloads"]
    assert (first["name"], second["name"]) == work
    assert first["record"] != second["record"]
    assert first["minutes"] <= told["minutes"]
    for one in (first, second):
        assert one["complete"]
        assert {row["loader"] for row in one["repeats"]} == {"toy-honest"}
        reasons = {row["loader"]: row["reason"] for row in one["refused"]}
        assert "out of toys" in reasons["toy-fails-epoch"]
        assert reasons["toy-absent"] == "no compiler was found"
    assert all(row["cpu_s_per_sample"] >= 0 and row["peak_memory_bytes"] > 0 for row in first["repeats"])
    assert told["images"]["small"]["generated"]
    assert len(list(tmp_path.glob("runs/*/loader-*.jsonl"))) == 2  # the first was not measured again
    page = Path(result["html"]).read_text(encoding="utf-8")
    assert "no compiler was found" in page
    assert "Toy, honest" in page
    assert [run.experiment for run in all_runs(Home(tmp_path))].count("suite") == 1
    assert finish(LoaderSuite(**{**dataclasses.asdict(suite), "resume": True}).run()) == result
    assert not [one for one in psutil.Process().children(recursive=True) if "toy" in command_of(one)]
