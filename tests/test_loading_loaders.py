"""The registry of loaders: one that only this file knows is offered, measured and explained as ours are."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from app_under_test import open_page

from core.__main__ import main
from core.base.errors import InputError
from core.base.events import finish
from core.base.home import Home
from core.building import Build
from core.loading.batch_sampler import BatchSpec
from core.loading.engine import Engine
from core.loading.loader import make_loader
from core.loading.loaders import DEFAULT_LOADER, LOADERS
from core.loading.loaders.registration import EngineInputs, LoaderRegistration
from core.loading.task import Load
from core.loading.transfer import Batch, Transfer
from core.loading.workers import Workers
from core.measure.bottleneck import bottlenecks
from core.measure.loader_runs import list_loader_runs
from core.measure.loaders import LoaderExperiment
from core.stores.store import list_stores, open_store
from core.training.settings import Settings
from tests.loading_fixtures import memory_store
from tests.test_bottleneck import FAST, repeat


class ToyEngine:
    """Batches made by the stages in the consumer's thread."""

    workers = Workers("inline", 0, "a toy has no workers")

    def __init__(self, inputs: EngineInputs) -> None:
        self._inputs = inputs
        self.stages: dict[str, float] = {}

    def batches(self, specs: Iterator[BatchSpec]) -> Generator[Batch, None, None]:
        stages, size = self._inputs.stages, self._inputs.size
        for spec in specs:
            images = np.empty((len(spec.indices), 3, *size), stages.normalise.dtype)
            stages.fill(spec, images)
            yield Batch(torch.from_numpy(images), torch.from_numpy(self._inputs.labels[spec.indices]))

    def close(self) -> None: ...


@dataclass(frozen=True)
class ToyLoader:
    def engine(self, inputs: EngineInputs) -> tuple[Engine, Transfer]:
        return ToyEngine(inputs), inputs.transfer


TOY = LoaderRegistration(
    where=f"{__name__}:ToyLoader",
    title="A toy",
    description="each batch when it is asked for",
    origin="a test",
    whole_batches=False,
    less_python="torch",
)


@pytest.fixture
def toy() -> Iterator[None]:
    LOADERS.register("toy", TOY)
    yield
    LOADERS.unregister("toy")


@pytest.fixture
def store(home: Home) -> str:
    finish(Build("shapes", "lmdb", "raw").run())
    return str(list_stores(home)[0].path)


def test_ours_say_what_they_are() -> None:
    assert list(LOADERS) == ["fast", "torch", "naive"]
    assert DEFAULT_LOADER in LOADERS
    assert {name for name, entry in LOADERS.items() if entry.threads} == {"fast"}
    assert {name for name, entry in LOADERS.items() if entry.whole_batches} == {"fast", "torch"}
    for name, entry in LOADERS.items():
        assert all((entry.title, entry.description, entry.origin))
        assert not entry.less_python or entry.less_python in set(LOADERS) - {name}


def test_an_unknown_name_is_refused_not_taken_for_another() -> None:
    with pytest.raises(InputError, match=r"unknown loader 'quick'; there are: fast, torch, naive"):
        make_loader(memory_store([(8, 8)] * 2), loader="quick")
    with pytest.raises(InputError, match="unknown loader 'quick'"):
        Settings(loader="quick").check()


@pytest.mark.usefixtures("toy")
def test_a_loader_from_elsewhere_gives_the_same_batches(store: str) -> None:
    opened = open_store(store)
    ours, toys = (list(make_loader(opened, batch_size=64, loader=name)) for name in ("fast", "toy"))
    for (images, labels), (wanted, right) in zip(toys, ours, strict=True):
        assert torch.equal(images, wanted)
        assert torch.equal(labels, right)
    with pytest.raises(InputError, match="is for the fast loader; the toy loader decodes on the host"):
        make_loader(opened, loader="toy", decode="auto")
    opened.close()
    Settings(loader="toy").check()


@pytest.mark.usefixtures("toy")
def test_it_is_measured_as_the_others_are(store: str, home: Home) -> None:
    told = finish(Load(store, loader="toy", batch_size=64, seconds=0.05, stage_limits=False).run())
    assert (told["loader"], told["workers"], told["checked"] > 0) == ("toy", "inline", True)
    quick = {"batch_sizes": [64], "seconds": 0.05, "rounds": 1}
    events = list(LoaderExperiment([store], loaders=["toy"], workers=["0", "threads:2"], **quick).run())
    assert any("The toy loader has no threads" in getattr(event, "text", "") for event in events)
    [record] = list_loader_runs(home)
    assert {row["loader"] for row in record.repeats} == {"toy"}


@pytest.mark.usefixtures("toy")
def test_verdicts_and_advice_know_it() -> None:
    [found] = bottlenecks([repeat(4e3, FAST, loader="toy", workers="2 processes")])
    assert found.bound == "python"
    assert "around each sample" in found.evidence
    assert "The torch loader" in found.advice


@pytest.mark.usefixtures("toy")
def test_help_and_forms_offer_it(furnished: Home, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["load"], ["train"], ["experiment", "loader"]):
        with pytest.raises(SystemExit):
            main([*arguments, "--help"])
        assert "fast, torch, naive, toy" in capsys.readouterr().out
    pills = open_page("benchmark").button_group(key="benchmark.loaders")
    assert "A toy" in pills.options
    assert "A toy: each batch when it is asked for." in pills.proto.help
