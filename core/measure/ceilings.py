"""The stage limits of a work that others do: measured by ours, in a process of its own, so this one stays small."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import Any

from ..base.errors import FormatMattersError
from ..base.events import Event, Message, Progress, Result
from ..loading.task import Load
from ..processes.isolated import stream

PATIENCE = 300.0
"""Seconds; the first time kernels are compiled."""

MOMENT = 0.01
"""Seconds that the load itself takes: its stage limits are what is asked for."""


def ceilings_of(store: str, **settings: Any) -> Generator[Event, None, dict[str, float]]:
    """The stage limits (`core.loading.stage_limits`) of loading `store` with these fields of `Load`, in samples per
    second; where they cannot be measured, none. Meanwhile it tells how far the kernels are that it waits for."""
    found: dict[str, float] = {}
    try:
        for told in stream(_measured, store, settings, patience=PATIENCE):
            if isinstance(told, Progress):
                yield told
            else:
                found = told
    except FormatMattersError as error:
        yield Message(f"the stage limits of {store} could not be measured: {error}", "warning")
    return found


def _measured(store: str, settings: Mapping[str, Any]) -> Iterator[Progress | dict[str, float]]:
    load = Load(store, **settings, workers="0", seconds=MOMENT, compare=False)
    for event in load.run():
        if isinstance(event, Progress):
            yield event
        elif isinstance(event, Result):
            yield dict(event.data["ceilings"])


def share_of_ceiling(rate: float, ceilings: Mapping[str, float]) -> float | None:
    """What share of the lowest rate that cannot be exceeded was reached; None where no limit is known. It is 1 at
    most: whoever was faster than a limit has shown that it is higher."""
    bounds = [limit for name, limit in ceilings.items() if name in ("collate", "copy", "cold read") and limit > 0]
    return min(rate / min(bounds), 1.0) if bounds else None
