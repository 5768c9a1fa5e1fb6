"""`ScalePlan`: what building and loading will take at any size, answered from what was measured here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from ..base.events import Event, Message, Result
from ..base.home import Home
from .answer import ScaleQuestion, scale_plan
from .assumptions import HERE
from .kept_rates import find_rates
from .measuring import MeasureScale
from .run_rates import with_runs


@dataclass(frozen=True)
class ScalePlan(MeasureScale):
    """A `MeasureScale`, which is run where nothing fits that was kept, or `again`; and the fields of
    `ScaleQuestion`."""

    images: Sequence[int] = ()
    nodes: int = 1
    cpus: int | None = None
    storage: str = HERE
    assume: Mapping[str, Any] = field(default_factory=dict)
    shards: int = 0
    shard_mb: float = 0.0
    epochs: int = 1
    gpu_images_s: float | None = None
    build_workers: int | None = None
    again: bool = False

    def run(self) -> Iterator[Event]:
        """Ends with the `plan` verb's JSON. Raises InputError and WorkError."""
        home = Home.find(self.home)
        question = ScaleQuestion(**{one.name: getattr(self, one.name) for one in fields(ScaleQuestion)})
        question.check()
        subject = self.subject(home)
        kept = None if self.again else find_rates(home, subject)
        if kept is None:
            yield Message("nothing was measured for this on this machine: measuring a trial, about 25 s")
            yield from (event for event in super().run() if not isinstance(event, Result))
            kept = find_rates(home, subject)
            assert kept is not None
        yield Result(scale_plan(question, with_runs(home, subject, kept), home.root))
