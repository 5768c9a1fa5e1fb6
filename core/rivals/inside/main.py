"""A rival's process: it is told what to do in lines of JSON, and answers in lines of JSON.

    {"do": "prepare", "folder": F}                             -> {"seconds": s}
    {"do": "open", "folder": F, "work": {...}}                 -> {"seconds": s}
    {"do": "epochs", "seconds": s, "most": n | null, "look": {...}, "out": FILE}
                                                               -> what was consumed; FILE has the rest

Whole epochs are consumed until the seconds are up, or `most` of them; meanwhile {"live": samples, "seconds": s} twice
a second. An error is {"error": "Type: text"}, and the end of the process.
"""

from __future__ import annotations

import json
import os
import platform
import queue
import signal
import sys
import threading
import time
import traceback
from importlib import metadata
from pathlib import Path
from typing import Any

from ...base.package import load
from ...base.strict_json import dumps
from .. import RIVALS
from ..registration import Epochs, RivalAdapter, RivalRegistration
from .observed import LookSettings, Observed
from .samples import Samples
from .work import RivalWork

LIVE = 0.5
"""Seconds between two live figures."""

COMMANDS = {"prepare": "_prepare", "open": "_open", "epochs": "_consume"}

GRACE = 5.0
"""Seconds that this process and its workers may take to end once nobody listens."""


def main() -> None:
    name, folder = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # libraries print what they like
    commands = _commands()
    try:
        server = Server(RIVALS[name], Samples(Path(folder)), answers)
        server.say(server.introduction())
        while (command := commands.get()) is not None:
            server.say(server.do(command))
        server.close()
    except BaseException as error:  # noqa: BLE001 - told to whoever asked, and the end
        traceback.print_exc()
        text = " ".join(str(error).split()) or "no message"
        answers.write(dumps({"error": f"{type(error).__name__}: {text}"[:2000]}) + "\n")
        answers.flush()
        raise SystemExit(1) from None


def _commands() -> queue.SimpleQueue[dict[str, Any] | None]:
    """Lines from standard input as they come; None at its end, after which this process ends whatever it is at.

    They are read from a descriptor of their own: a worker that is forked closes `sys.stdin`, which would wait for ever
    for the lock of a thread that reads from it.
    """
    found: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
    lines = os.fdopen(os.dup(0), "rb")
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)

    def read() -> None:
        for line in lines:
            found.put(json.loads(line))
        found.put(None)
        time.sleep(GRACE)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=read, daemon=True, name="commands").start()
    return found


class Server:
    """Does what it is told with one rival."""

    def __init__(self, registration: RivalRegistration, samples: Samples, answers: Any) -> None:
        self._registration, self._samples, self._answers = registration, samples, answers
        self._adapter: RivalAdapter = load(registration.where)(**registration.settings)
        self._epochs: Epochs | None = None
        self._opened_s = 0.0

    def introduction(self) -> dict[str, Any]:
        name = self._registration.distribution
        return {"ready": True, "version": metadata.version(name) if name else "", "python": platform.python_version()}

    def say(self, told: dict[str, Any]) -> None:
        self._answers.write(dumps(told) + "\n")

    def do(self, command: dict[str, Any]) -> dict[str, Any]:
        return dict(getattr(self, COMMANDS[command.pop("do")])(**command))

    def close(self) -> None:
        """Let go of the loader, so that it ends its workers."""
        self._epochs = None

    def _prepare(self, folder: str) -> dict[str, Any]:
        start = time.perf_counter()
        self._adapter.prepare(self._samples, Path(folder))
        return {"seconds": time.perf_counter() - start}

    def _open(self, folder: str, work: dict[str, Any]) -> dict[str, Any]:
        self._epochs = None
        start = time.perf_counter()
        self._epochs = self._adapter.open(self._samples, Path(folder), RivalWork(**work))
        self._opened_s = time.perf_counter() - start
        return {"seconds": self._opened_s}

    def _consume(self, seconds: float, most: int | None, look: dict[str, Any], out: str) -> dict[str, Any]:
        if self._epochs is None:
            raise RuntimeError("it was not opened")
        observed = Observed(LookSettings(**look), int(self._samples.tickets.max(initial=0)))
        told: list[tuple[int, float]] = []
        samples, first, start = 0, 0.0, time.perf_counter()
        live = start + LIVE
        while not told or (time.perf_counter() - start < seconds and (most is None or len(told) < most)):
            began, before = time.perf_counter(), samples
            for images, tickets in self._epochs():
                samples += observed.take(images, tickets)
                now = time.perf_counter()
                first = first or now - start
                if now >= live:
                    self.say({"live": samples, "seconds": now - start})
                    live = now + LIVE
            told.append((samples - before, time.perf_counter() - began))
            observed.ended()
            if samples == before:
                break  # it has nothing, and never will
        seconds = time.perf_counter() - start
        observed.save(Path(out))
        return {
            "samples": samples,
            "seconds": seconds,
            "epochs": told,
            "first_batch_s": self._opened_s + first,
            "shape": observed.shape,
            "dtype": observed.dtype,
        }


if __name__ == "__main__":
    main()
