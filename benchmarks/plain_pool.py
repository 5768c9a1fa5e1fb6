"""An engine "plain" for comparisons: `multiprocessing.Pool` alone. Nothing is given again, nothing is cancelled.

FORMAT_MATTERS_PLUGINS=benchmarks.plain_pool adds it.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from core.base.registry import Registration
from core.processes.engines import ENGINES, Done
from core.processes.pool import METHOD


def register() -> None:
    ENGINES.register("plain", Registration("benchmarks.plain_pool:PlainPool", "multiprocessing.Pool"))


class PlainPool:
    def __init__(self, workers: int | None, address: str | None) -> None:
        self.slots = workers or multiprocessing.cpu_count()
        self.text = f"multiprocessing.Pool({self.slots})"

    def __enter__(self) -> Self:
        self._pool = multiprocessing.get_context(METHOD).Pool(self.slots)
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.terminate()

    def run(self, call: Callable[[Any], Any], given: Iterable[Any]) -> Iterator[Done[Any] | None]:
        for number, made in self._pool.imap_unordered(_Numbered(call), enumerate(given)):
            yield Done(number, made, 1, "a process")


@dataclass(frozen=True)
class _Numbered:
    call: Callable[[Any], Any]

    def __call__(self, given: tuple[int, Any]) -> tuple[int, Any]:
        return given[0], self.call(given[1])
