"""An epoch's figures from its steps. Kept here without torch: whoever reads them needs none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol


class Timed(Protocol):
    """What is needed of a step (`core.training.clock.TimedStep` has it)."""

    @property
    def samples(self) -> int: ...
    @property
    def loss(self) -> float: ...
    @property
    def correct(self) -> int: ...
    @property
    def wait_s(self) -> float: ...
    @property
    def compute_s(self) -> float: ...


class StepTimes(NamedTuple):
    """Where the time of some steps went, in seconds, and what that makes."""

    samples: int
    wait_s: float
    compute_s: float

    @property
    def wait_share(self) -> float:
        """The share of the time that was spent waiting for data, 0 to 1."""
        return self.wait_s / self.seconds if self.seconds else 0.0

    @property
    def seconds(self) -> float:
        return self.wait_s + self.compute_s

    @property
    def samples_per_s(self) -> float:
        return self.samples / self.seconds if self.seconds else 0.0


def step_times(steps: Iterable[Timed]) -> StepTimes:
    """All these steps together."""
    many = list(steps)
    return StepTimes(
        sum(step.samples for step in many), sum(step.wait_s for step in many), sum(step.compute_s for step in many)
    )


def steady_state_times(steps: Sequence[Timed]) -> StepTimes:
    """Without the first step, whose waiting is told apart as the first batch; of a single step there is no more."""
    return step_times(steps[1:] or steps)


def mean_loss(parts: Iterable[tuple[int, float]]) -> float:
    """The mean over samples of (samples, mean loss) pairs."""
    many = list(parts)
    return sum(samples * loss for samples, loss in many) / sum(samples for samples, _ in many)


def training_figures(steps: Sequence[Timed]) -> dict[str, Any]:
    """Of one epoch: loss and accuracy while learning, pace, waiting, and the loss of every step."""
    pace = steady_state_times(steps)
    samples = sum(step.samples for step in steps)
    return {
        "samples": samples,
        "steps": len(steps),
        "loss": mean_loss((step.samples, step.loss) for step in steps),
        "accuracy": sum(step.correct for step in steps) / samples,
        "samples_per_s": pace.samples_per_s,
        "wait_share": pace.wait_share,
        "wait_s": pace.wait_s,
        "compute_s": pace.compute_s,
        "first_batch_s": steps[0].wait_s,
        "losses": [step.loss for step in steps],
    }


def validation_figures(parts: Sequence[tuple[int, float, int]]) -> dict[str, Any]:
    """Of (samples, mean loss, right answers) of every batch."""
    samples = sum(part[0] for part in parts)
    return {
        "val_samples": samples,
        "val_loss": mean_loss((part[0], part[1]) for part in parts),
        "val_accuracy": sum(part[2] for part in parts) / samples,
    }
