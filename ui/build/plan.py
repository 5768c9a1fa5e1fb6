"""Which stores are to be built: every combination of what was chosen, with what it will cost."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.base.errors import FormatMattersError, InputError
from core.building.estimate_process import EstimateQuestion
from core.building.recipe import Recipe
from core.datasets.dataset import Dataset
from ui.build.placing import SHARD_OPTIONS, Placing
from ui.shared import state
from ui.shared.estimates import estimates
from ui.shared.stores import store_name

Part = tuple[str, Mapping[str, Any]]
"""A chosen component: its name, and its options that are not at their default."""

MOSTLY = 0.5
"""Share of a dataset's files from which on it is said to be of a kind."""

Parts = tuple[Part, ...]
"""Those of one kind."""


@dataclass(frozen=True)
class Planned:
    """One store of the plan: the fields of its `Build`, and what is known of it beforehand.

    `problem` says why it cannot be built; then there is no variant and no estimate. `queued`: a job is about it.
    Whether it is `built` already is known of stores in the home alone. `question`: what its estimate answers;
    `estimated`: whether that is there, and the figures are known.
    """

    fields: Mapping[str, Any]
    question: EstimateQuestion | None = None
    estimated: bool = False
    variant: str = ""
    built: bool = False
    queued: bool = False
    problem: str = ""
    payload_bytes: int = 0
    allocated_bytes: int | None = None
    ratio: float = 0.0
    seconds: float = 0.0
    source_jpeg: float = 0.0

    @property
    def disk_bytes(self) -> int:
        """What it will occupy; the payload alone where that cannot be told."""
        return self.payload_bytes if self.allocated_bytes is None else self.allocated_bytes

    @property
    def warning(self) -> str:
        """What speaks against it although it can be built."""
        if self.fields["encoding"] != "jpeg" or self.source_jpeg < MOSTLY or not self.variant:
            return ""
        return (
            f"{self.title}: these files are already JPEG. Encoding them again loses quality a second time and gives "
            f"{self.ratio:.0%} of their size. `original` keeps them unchanged."
        )

    @property
    def title(self) -> str:
        return store_name(self.fields["format"], self.variant or str(self.fields["encoding"]))

    @property
    def ready(self) -> bool:
        return not (self.built or self.queued or self.problem)

    @property
    def status(self) -> str:
        if self.problem:
            return "cannot be built, see below"
        return "already built" if self.built else "queued" if self.queued else "to be built"


def plan(dataset: Dataset, formats: Parts, encodings: Parts, compressions: Parts, placing: Placing) -> list[Planned]:
    """All combinations, without their estimates: what is known at once."""
    queued = [job.fields for job in state.jobs().active() if job.task == "build"]
    return [_planned(dataset, queued, placing, *parts) for parts in itertools.product(formats, encodings, compressions)]


def _planned(dataset: Dataset, queued: Sequence[Mapping[str, Any]], placing: Placing, *parts: Part) -> Planned:
    (format, _), (encoding, _), (compression, _) = parts
    options = {name: value for _, chosen in parts for name, value in chosen.items()}
    fields: dict[str, Any] = {
        "dataset": dataset.name,
        "format": format,
        "encoding": encoding,
        "compression": compression,
        "options": options,
    }
    home = state.home()
    try:
        recipe = Recipe.of(home, **fields)
        if placing.problem:
            raise InputError(placing.problem)
    except FormatMattersError as error:
        return Planned(fields, problem=str(error))
    question = EstimateQuestion("estimate", {**_without_shards(fields), "home": str(home.root)}, dataset.fingerprint)
    fields |= placing.place(dataset.name, format, recipe.variant)
    return Planned(
        fields,
        question,
        variant=recipe.variant,
        built=not placing.out and recipe.target(home).exists(),
        queued=any(all(job.get(name) == fields.get(name) for name in {"out", *fields}) for job in queued),
    )


def questions(planned: Sequence[Planned]) -> list[EstimateQuestion]:
    """Those of a plan, with equal encodings and compressions one after another: their sample is made once."""
    asked = [one.question for one in planned if one.question is not None]
    return sorted(asked, key=lambda question: (question.fields["encoding"], question.fields["compression"]))


def with_estimates(planned: Sequence[Planned]) -> list[Planned]:
    """The plan with the estimates that are there by now."""
    return [_with_estimate(one) for one in planned]


def _with_estimate(one: Planned) -> Planned:
    if one.question is None:
        return one
    try:
        told = estimates().answer(one.question)
    except FormatMattersError as error:
        return Planned(one.fields, one.question, problem=str(error))
    if told is None:
        return one
    return replace(
        one,
        estimated=True,
        payload_bytes=sum(told["payload_bytes"].values()),
        allocated_bytes=told["allocated_bytes"] and sum(told["allocated_bytes"].values()),
        ratio=told["ratio"],
        seconds=told["seconds"],
        source_jpeg=told["source_jpeg"],
    )


def _without_shards(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Into how many files a store is cut changes no estimate, so none is made anew for it."""
    options = {name: value for name, value in fields["options"].items() if name not in SHARD_OPTIONS}
    return {**fields, "options": options}


def overview(planned: Sequence[Planned]) -> dict[str, list[object]]:
    """The plan as the columns of a table."""
    return {
        "Store": [one.title for one in planned],
        "Allocated": [one.allocated_bytes if one.estimated else None for one in planned],
        "Payload": [one.payload_bytes if one.estimated else None for one in planned],
        "Relative to source": [100 * one.ratio if one.estimated else None for one in planned],
        "Build time": [one.seconds if one.estimated else None for one in planned],
        "Status": [one.status for one in planned],
    }
