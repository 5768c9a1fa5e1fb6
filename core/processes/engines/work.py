"""What every engine does alike: what it is asked and hands over, how a call ends, which items are given again."""

from __future__ import annotations

import pickle
import textwrap
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, NamedTuple, Protocol, Self, TypeVar

from ...base.errors import FormatMattersError, WorkError

Given = TypeVar("Given")
Made = TypeVar("Made")

ATTEMPTS = 3
"""How often an item is given, as long as it is the process or the machine that ends rather than the call."""

WAIT_SECONDS = 0.25
"""An engine that has nothing to hand over says so after so many seconds."""


class Done(NamedTuple, Generic[Made]):
    """A call that ended: the item's number (as given, from 0), what was made of it, how many attempts that took, and
    where it was made, in words."""

    number: int
    made: Made
    attempts: int
    where: str


class TaskEngine(Protocol):
    """Makes calls elsewhere. A context manager: what it started ends with it, and with this process."""

    def __init__(self, workers: int | None, address: str | None) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    @property
    def slots(self) -> int:
        """How many items can be under way at once, as things are now."""
        ...

    @property
    def text(self) -> str:
        """In words: "2 processes", "Ray, 4 nodes, 4 CPUs"."""
        ...

    def run(self, call: Callable[[Given], Made], given: Iterable[Given]) -> Generator[Done[Made] | None, None, None]:
        """`call` of each item, in the order in which they end, and None at least twice a second between.

        `call` and the items must survive pickling; `given` is taken as there is room for its items. Where a process or
        a machine dies, what it had is given again; an item can therefore be under way twice, and its call must bear
        that. Raises what a call raises, which ends the run; WorkError that names the item where it was given `ATTEMPTS`
        times. Closing the iterator ends what is under way.
        """
        ...


@dataclass
class GivenItem(Generic[Given]):
    """An item with its number, and how often it was given."""

    number: int
    item: Given
    attempts: int = 0

    def __str__(self) -> str:
        told = str(getattr(self.item, "name", self.item))
        return f"item {self.number} ({textwrap.shorten(told, 100, placeholder=' ...')})"


class GivenItems(Generic[Given]):
    """The items of a run: taken one by one, those that are given again first."""

    def __init__(self, given: Iterable[Given]) -> None:
        self._given = enumerate(given)
        self._again: deque[GivenItem[Given]] = deque()

    def take(self) -> GivenItem[Given] | None:
        """The next one, None when there is none."""
        if self._again:
            taken = self._again.popleft()
        elif (following := next(self._given, None)) is not None:
            taken = GivenItem(*following)
        else:
            return None
        taken.attempts += 1
        return taken

    def died(self, given: GivenItem[Given], cause: str) -> None:
        """Give it again. Raises WorkError where that was done often enough."""
        if given.attempts >= ATTEMPTS:
            raise WorkError(
                f"{given} was tried {ATTEMPTS} times, and each time what worked on it died, the last time of {cause}; "
                "it may need more memory than there is"
            )
        self._again.append(given)


class CallResult(NamedTuple):
    """How a call ended: what it made, or what it raised."""

    made: Any
    error: Exception | None

    def get(self) -> Any:
        """Raises what the call raised."""
        if self.error is not None:
            raise self.error
        return self.made


def called(call: Callable[[Given], object], item: Given) -> CallResult:
    """Make a call; what it raises is handed over."""
    try:
        return CallResult(call(item), None)
    except Exception as error:  # noqa: BLE001 - raised where the result is taken
        return CallResult(None, _portable(error))


def _portable(error: Exception) -> Exception:
    """It, or one that says the same where it does not survive pickling."""
    if not isinstance(error, FormatMattersError):
        error.add_note("".join(traceback.format_exception(error)))
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - made by this process
    except Exception:  # noqa: BLE001 - whatever its own class does then
        return WorkError(f"{type(error).__name__}: {error}")
    return error
