"""The environments of the rivals, installed two at a time; one that fails keeps its reason and holds up no other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from ..base.errors import FormatMattersError
from ..base.events import Event, Progress

AT_ONCE = 2
STAGE = "installing environments"
LOOK_S = 0.2
THREAD = "suite-install"

Install = Callable[[], Iterator[Event]]


@dataclass
class ParallelInstalls:
    """Runs installations in threads; `reasons`: by name, why one failed, "" for those that did not."""

    installs: Sequence[tuple[str, Install]]
    at_once: int = AT_ONCE
    reasons: dict[str, str] = field(default_factory=dict)

    def run(self) -> Generator[Event, None, dict[str, str]]:
        """Yields what the installations say; ends with `reasons`. Closing it ends those under way, which leave nothing
        half-made."""
        events: SimpleQueue[Event] = SimpleQueue()
        stop = threading.Event()
        waiting = list(reversed(self.installs))
        lock = threading.Lock()

        def work() -> None:
            while not stop.is_set():
                with lock:
                    if not waiting:
                        return
                    name, install = waiting.pop()
                self.reasons[name] = _installed(install, events, stop)

        count = min(self.at_once, len(self.installs))
        threads = [threading.Thread(target=work, name=THREAD, daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
        try:
            while any(thread.is_alive() for thread in threads):
                yield from self._news(events)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        yield from self._news(events)
        return self.reasons

    def _news(self, events: SimpleQueue[Event]) -> Iterator[Event]:
        """What has been said since, but for the progress of each, which would jump to and fro between two."""
        try:
            event = events.get(timeout=LOOK_S)
            while True:
                if not isinstance(event, Progress):
                    yield event
                event = events.get_nowait()
        except Empty:
            yield Progress(STAGE, len(self.reasons), len(self.installs), "environments")


def _installed(install: Install, events: SimpleQueue[Event], stop: threading.Event) -> str:
    """Run one to its end, or until it is to stop; why it failed."""
    try:
        with closing(install()) as said:  # type: ignore[type-var]
            for event in said:
                events.put(event)
                if stop.is_set():
                    return "it was interrupted"
    except FormatMattersError as error:
        return str(error)
    return ""
