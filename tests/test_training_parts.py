"""The parts of training: orders, models, clocks, figures, verdict, the same arithmetic every time."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from core.base.errors import InputError
from core.base.events import finish
from core.base.home import REPOSITORY, Home
from core.building import Build
from core.loading.batch_sampler import shuffle_quality
from core.loading.transfer import Batch
from core.training.clock import HostClock, StreamClock, TimedStep, timed
from core.training.determinism import deterministic
from core.training.expected import scaling_seconds, train_seconds
from core.training.figures import step_times, training_figures, validation_figures
from core.training.learner import Learner, Outcome
from core.training.models import make_model
from core.training.orders import choose_members, hold_out, sampler_of
from core.training.settings import Settings
from core.training.verdict import compare_runs

LABELS = np.arange(1000, dtype=np.int64) % 10
ALL = np.arange(1000, dtype=np.int64)

# ---------------------------------------------------------------- orders


@pytest.mark.parametrize("order", ["shuffled", "blocks", "class-sorted"])
def test_every_order_has_every_member_once(order: str) -> None:
    members = choose_members(1000, 300, seed=1)
    sampler = sampler_of(members, LABELS, order, 64, 1)
    given = np.concatenate([spec.indices for spec in sampler.specs(0)])
    assert sorted(given) == list(members)
    assert len(members) == 300


def test_sorted_by_class_a_batch_has_one_class_or_two() -> None:
    batches = [spec.indices for spec in sampler_of(ALL, LABELS, "class-sorted", 50, 0).specs(0)]
    assert {len(np.unique(LABELS[batch])) for batch in batches} == {1}
    assert shuffle_quality(LABELS, batches) == 0.0
    assert shuffle_quality(LABELS, [spec.indices for spec in sampler_of(ALL, LABELS, "shuffled", 50, 0).specs(0)]) > 0.9


def test_epochs_differ_when_shuffled_and_a_seed_repeats_them() -> None:
    sampler, again = (sampler_of(ALL, LABELS, "shuffled", 50, 3) for _ in range(2))
    assert not np.array_equal(sampler.order(0), sampler.order(1))
    assert np.array_equal(sampler.order(1), again.order(1))


def test_an_order_of_members_says_which_and_goes_on_in_the_middle() -> None:
    sampler, other = (sampler_of(choose_members(1000, 300, seed), LABELS, "shuffled", 50, 3) for seed in (1, 2))
    assert sampler.order_identity != other.order_identity
    assert np.array_equal(sampler.order(1, 100), sampler.order(1)[100:])


def test_what_is_held_out_is_not_trained_on() -> None:
    training, aside = hold_out(1000, seed=5)
    assert len(aside) == 100
    assert sorted([*training, *aside]) == list(range(1000))


def test_a_lonely_last_sample_is_left_out() -> None:
    assert [len(spec.indices) for spec in sampler_of(ALL[:129], LABELS, "shuffled", 64, 0).specs(0)] == [64, 64]
    assert [len(spec.indices) for spec in sampler_of(ALL[:130], LABELS, "shuffled", 64, 0).specs(0)] == [64, 64, 2]
    assert [len(spec.indices) for spec in sampler_of(ALL[:1], LABELS, "shuffled", 64, 0).specs(0)] == [1]


# ---------------------------------------------------------------- models


@pytest.mark.parametrize(
    ("side", "classes", "parameters"),
    [(224, 1000, 11_689_512), (32, 10, 11_173_962)],
    ids=["as published for ImageNet", "as everybody's for CIFAR-10"],
)
def test_resnet18_has_as_many_parameters_as_it_should(side: int, classes: int, parameters: int) -> None:
    model = make_model("resnet18", classes, side, seed=0)
    assert sum(parameter.numel() for parameter in model.parameters()) == parameters


@pytest.mark.parametrize("name", ["small", "resnet18"])
@pytest.mark.parametrize("side", [16, 32, 224])
def test_models_take_small_and_large_images(name: str, side: int) -> None:
    model = make_model(name, 7, side, seed=0)
    assert model(torch.zeros(2, 3, side, side)).shape == (2, 7)


def test_resnet18_halves_large_images_five_times_and_small_ones_three_times() -> None:
    for side, left in ((224, 7), (32, 4)):
        model = make_model("resnet18", 10, side, seed=0)
        assert model.stages(model.stem(torch.zeros(1, 3, side, side))).shape[2:] == (left, left)


def test_a_seed_gives_the_same_weights_and_leaves_the_callers_numbers_alone() -> None:
    before = torch.random.get_rng_state()
    one, same, other = (make_model("small", 10, 32, seed).state_dict() for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not all(torch.equal(one[name], other[name]) for name in one)


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(InputError, match="small, resnet18"):
        make_model("vgg", 10, 32, 0)


# ---------------------------------------------------------------- learning


def batch_of(size: int = 32, side: int = 16) -> Batch:
    """Bright images are of class 1, dark ones of class 0."""
    labels = torch.arange(size) % 2
    images = torch.randint(0, 100, (size, 3, side, side), generator=torch.Generator().manual_seed(0))
    return Batch((images + 150 * labels[:, None, None, None]).to(torch.uint8), labels)


def learner(**settings: Any) -> Learner:
    return Learner(make_model("small", 2, 16, 0), Settings(**settings), torch.device("cpu"))


def test_learning_lowers_the_loss_and_judging_learns_nothing() -> None:
    mine, batch = learner(lr=0.05), batch_of()
    first = mine.learn(batch).loss.item()
    for _ in range(30):
        mine.learn(batch)
    before = mine.fingerprint()
    outcome = mine.evaluate(batch)
    assert outcome.loss.item() < first / 4
    assert outcome.correct.item() == 32
    assert mine.fingerprint() == before


@pytest.mark.parametrize("change", [{"lr": 0.002}, {"momentum": 0.5}, {"weight_decay": 0.1}])
def test_every_setting_of_sgd_counts(change: dict[str, float]) -> None:
    usual, changed = learner(), learner(**change)
    for one in (usual, changed):
        one.learn(batch_of())
        one.learn(batch_of())
    assert usual.fingerprint() != changed.fingerprint()


def test_steady_gives_the_same_losses_and_leaves_everything_as_it_was() -> None:
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    losses = []
    for _ in range(2):
        with deterministic(torch.device("cpu"), 2):
            assert torch.get_num_threads() == 2
            assert torch.are_deterministic_algorithms_enabled()
            assert not torch.is_deterministic_algorithms_warn_only_enabled()
            mine = learner()
            losses.append([mine.learn(batch_of()).loss.item() for _ in range(5)])
    assert losses[0] == losses[1]
    assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == before


def test_what_a_training_takes_is_told_without_pytorch(home: Home) -> None:
    """Two epochs of two stores in one order, of ResNet-18: the more work, the longer."""
    store = finish(Build("shapes", "lmdb", "raw").run())["store"]
    told = {name: train_seconds([store] * 2, model=name, epochs=2, limit=100) for name in ("small", "resnet18")}
    assert told["small"] < told["resnet18"] < train_seconds([store] * 2, model="resnet18", epochs=3, limit=100)
    assert train_seconds([store], transform="train224", limit=100) > train_seconds([store], limit=100)
    assert scaling_seconds([store], [8, 16], ["0", "1"], seconds=2.0, rounds=3) > 12 * 2
    code = "import sys, core.training.expected; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


# ---------------------------------------------------------------- clocks


@dataclass
class FakeGpu:
    """A device with a stream of its own: `now` is where the host is, `free` when the device has done its work (ms)."""

    now: float = 0.0
    free: float = 0.0

    def compute(self, milliseconds: float) -> None:
        self.free = max(self.free, self.now) + milliseconds

    def event(self) -> FakeEvent:
        return FakeEvent(self)


@dataclass
class FakeEvent:
    """Recorded at `at`, which is when the device comes to it."""

    gpu: FakeGpu
    at: float = 0.0

    def record(self) -> None:
        self.at = max(self.gpu.free, self.gpu.now)

    def query(self) -> bool:
        return self.gpu.now >= self.at

    def synchronize(self) -> None:
        self.gpu.now = max(self.gpu.now, self.at)

    def elapsed_time(self, end: FakeEvent) -> float:
        return end.at - self.at


def on_a_gpu(load_ms: list[float], compute_ms: float) -> list[TimedStep]:
    """Steps whose batches take the host so long, and the device so long."""
    gpu = FakeGpu()

    def batches() -> Iterator[Batch]:
        for milliseconds in load_ms:
            gpu.now += milliseconds
            yield batch_of(4)

    def learn(_: Batch) -> Outcome:
        gpu.compute(compute_ms)
        return Outcome(torch.tensor(0.5), torch.tensor(3))

    return list(timed(batches(), learn, StreamClock(gpu.event, pinned=False)))


def test_on_a_gpu_loading_that_hides_behind_computing_is_no_waiting() -> None:
    steps = on_a_gpu([10.0, 4.0, 4.0, 4.0], compute_ms=20.0)
    assert [step.wait_s for step in steps] == pytest.approx([0.010, 0, 0, 0])
    assert [step.compute_s for step in steps] == pytest.approx([0.020] * 4)
    assert {(step.loss, step.correct, step.samples) for step in steps} == {(0.5, 3, 4)}


def test_on_a_gpu_loading_that_takes_longer_than_computing_is_waited_for() -> None:
    steps = on_a_gpu([10.0, 30.0, 30.0], compute_ms=20.0)
    assert [step.wait_s for step in steps] == pytest.approx([0.010, 0.010, 0.010])
    assert step_times(steps[1:]).wait_share == pytest.approx(1 / 3)


def test_on_the_cpu_waiting_and_computing_are_told_apart() -> None:
    def batches() -> Iterator[Batch]:
        for _ in range(3):
            time.sleep(0.03)
            yield batch_of(4)

    def learn(_: Batch) -> Outcome:
        time.sleep(0.01)
        return Outcome(torch.tensor(0.5), torch.tensor(3))

    looked: list[int] = []
    steps = list(timed(batches(), learn, HostClock(lambda: None), lambda batch: looked.append(len(batch.labels))))
    assert all(step.wait_s >= 0.03 and step.compute_s >= 0.01 for step in steps)
    assert looked == [4, 4, 4]


# ---------------------------------------------------------------- figures and verdict


def test_the_first_batch_is_told_apart_from_the_waiting() -> None:
    steps = [
        TimedStep(10, 2.0, 1, wait_s=5.0, compute_s=1.0),
        TimedStep(10, 1.0, 5, 0.25, 0.75),
        TimedStep(5, 0.5, 5, 0.25, 0.75),
    ]
    told = training_figures(steps)
    assert (told["first_batch_s"], told["wait_s"], told["compute_s"], told["wait_share"]) == (5.0, 0.5, 1.5, 0.25)
    assert told["samples_per_s"] == 15 / 2
    assert told["loss"] == (20 + 10 + 2.5) / 25
    assert told["accuracy"] == 11 / 25
    assert told["losses"] == [2.0, 1.0, 0.5]
    assert training_figures(steps[:1])["samples_per_s"] == 10 / 6, "a single step is all there is"


def test_validation_is_a_mean_over_samples_not_over_batches() -> None:
    told = validation_figures([(30, 1.0, 15), (10, 2.0, 5)])
    assert told == {"val_samples": 40, "val_loss": 1.25, "val_accuracy": 0.5}


def row(store: str, losses: list[float], epoch: int = 1, order: str = "shuffled", **more: Any) -> dict[str, Any]:
    told = {
        "store": store,
        "order": order,
        "epoch": epoch,
        "losses": losses,
        "samples": 10,
        "val_loss": 1.0,
        "pixels": "a",
    }
    return {**told, **more}


def test_the_same_losses_are_the_same_result() -> None:
    said = compare_runs([row("a", [1.0, 0.5]), row("b", [1.0, 0.5]), row("c", [9.0], order="blocks")])
    assert (said["identical"], said["compared"], said["differs"]) == (True, 2, [])
    assert said["verdict"].startswith("Same result to the last bit: ")


def test_the_last_bit_counts_and_the_place_is_named() -> None:
    nudged = float(np.nextafter(0.5, 1))
    said = compare_runs([row("a", [1.0]), row("b", [1.0]), row("a", [1.0, 0.5], 2), row("b", [1.0, nudged], 2)])
    assert said["identical"] is False
    [found] = said["differs"]
    assert (found["store"], found["reference"], found["epoch"], found["step"]) == ("b", "a", 2, 2)
    assert (found["loss"], found["reference_loss"]) == (nudged, 0.5)
    assert "epoch 2, step 2" in said["verdict"]


@pytest.mark.parametrize(
    ("more", "why"),
    [({"pixels": "b"}, "different pixels"), ({}, "the arithmetic"), ({"samples": 9}, "different numbers")],
)
def test_why_they_differ(more: dict[str, Any], why: str) -> None:
    assert why in compare_runs([row("a", [1.0]), row("b", [2.0], **more)])["differs"][0]["why"]


def test_validation_counts_too() -> None:
    said = compare_runs([row("a", [1.0]), row("b", [1.0], val_loss=2.0)])
    assert (said["identical"], said["differs"][0]["step"]) == (False, None)


def test_one_store_alone_is_no_comparison() -> None:
    assert compare_runs([row("a", [1.0])])["identical"] is None
    assert compare_runs([row("a", [1.0]), row("a", [2.0], order="blocks")])["identical"] is None
    assert compare_runs([])["identical"] is None


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": "vgg"}, "small, resnet18"),
        ({"loader": "quick"}, "fast, torch, naive"),
        ({"transform": "flip"}, "train224"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"limit": 0}, "limit=0"),
        ({"lr": 0.0}, "learning rate"),
        ({"momentum": 1.0}, "momentum=1"),
        ({"seed": -1}, "0 or more"),
    ],
)
def test_bad_settings_are_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Settings(**change).check()
