"""Estimates by a process of their own, `python -m core.building.estimate_process`, and who asks it.

Whoever asks says what is wanted, one line of JSON on its standard input for all of it, in place of what the same asker
wanted before; each answer is a line on its standard output. It ends when nobody wants anything for a while, and with
whoever started it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from subprocess import PIPE, Popen
from typing import IO, Any, NamedTuple

from ..base.errors import FormatMattersError, InputError, WorkError, disk_error_text
from ..base.home import Home
from ..base.strict_json import dumps
from ..processes.freed_memory import keep_freed_memory
from ..processes.module_process import cause_of_death, end, start_module
from .estimate import compare_compressions, estimate
from .task import Build

MODULE = ".building.estimate_process"

IDLE_SECONDS = 120.0
"""How long the process waits for the next question."""

MOST_KEPT = 512
"""Answers."""

MOST_SILENT_ENDS = 2
"""How often it may die before it has begun to answer anything, until what is wanted is refused."""

PAUSE = 0.02


class EstimateQuestion(NamedTuple):
    """What is to be estimated: "estimate" with the fields of a `Build`, or "compressions" with the arguments of
    `compare_compressions`, its `home` as text. `fingerprint`: of the dataset, whose answers are its own."""

    kind: str
    fields: Mapping[str, Any]
    fingerprint: str

    @property
    def key(self) -> str:
        return dumps(self, ascii_only=True)


Answer = Any
"""What `estimate` returns, or a list of the fields of each `Gain`."""


class EstimateProcess:
    """Asks, and keeps the answers. The process is started with the first question. Safe from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: Popen[bytes] | None = None
        self._said: IO[bytes] | None = None
        self._read_bytes = 0
        self._begun = ""
        self._silent_ends = 0
        self._answers: dict[str, Answer | FormatMattersError] = {}
        self._wanted: dict[str, list[str]] = {}

    def want(self, asker: str, questions: Sequence[EstimateQuestion]) -> None:
        """Have these answered in this order, and no longer what this asker wanted before. Raises WorkError where no
        process can be started."""
        with self._lock:
            self._read()
            wanted = [key for key in dict.fromkeys(question.key for question in questions) if key not in self._answers]
            if wanted != self._wanted.get(asker, []):
                self._wanted[asker] = wanted
                self._tell(asker)

    def answer(self, question: EstimateQuestion) -> Answer | None:
        """None where it is not there yet. Raises InputError where the build would, WorkError where the process died."""
        with self._lock:
            self._read()
            told = self._answers.get(question.key)
        if isinstance(told, FormatMattersError):
            raise told
        return told

    def wait(self, asker: str, seconds: float) -> bool:
        """Whether all that is wanted is answered, within so many seconds."""
        ends = time.monotonic() + seconds
        while True:
            with self._lock:
                self._read()
                if not self._wanted.get(asker):
                    return True
            if time.monotonic() >= ends:
                return False
            time.sleep(PAUSE)

    def close(self) -> None:
        """End the process. Safe to call twice."""
        with self._lock:
            self._wanted.clear()
            self._end()

    # ------------------------------------------------------------ under the lock

    def _tell(self, asker: str) -> None:
        if self._process is None:
            if not any(self._wanted.values()):
                return
            self._start()
            askers = list(self._wanted)
        else:
            askers = [asker]
        assert self._process is not None
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it has just ended: the next look finds that, and starts another
            for name in askers:
                line = dumps({"asker": name, "wanted": self._wanted[name]}, ascii_only=True)
                self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()

    def _start(self) -> None:
        self._said, self._read_bytes, self._begun = tempfile.TemporaryFile(), 0, ""  # noqa: SIM115 - closed in _end()
        try:
            self._process = start_module(MODULE, stdin=PIPE, stdout=self._said)
        except OSError as error:
            self._end()
            raise WorkError(disk_error_text(error, "the process that estimates")) from error

    def _end(self) -> None:
        if self._process is not None:
            end(self._process)
        if self._said is not None:
            self._said.close()
        self._process = self._said = None

    def _read(self) -> None:
        """What it has said; where it has ended, the question that ended it is answered so, and others go on."""
        if self._process is None or self._said is None:
            return
        status = self._process.poll()  # before its last lines are read
        file = self._said.fileno()
        said = os.pread(file, os.fstat(file).st_size - self._read_bytes, self._read_bytes)  # its place is the writer's
        whole, end_of_line, _ = said.rpartition(b"\n")
        self._read_bytes += len(whole) + len(end_of_line)
        for line in whole.splitlines():
            self._take(json.loads(line))
        if status is None:
            return
        self._end()
        if status != 0:
            self._silent_ends += not self._begun
            died = WorkError(f"estimating it ended by {cause_of_death(status)}")
            if self._begun:
                self._keep(self._begun, died)
            elif self._silent_ends > MOST_SILENT_ENDS:  # it cannot even begin
                for key in {key for wanted in self._wanted.values() for key in wanted}:
                    self._keep(key, died)
        self._tell("")

    def _take(self, told: Mapping[str, Any]) -> None:
        self._begun, self._silent_ends = told["question"], 0
        if "error" in told:
            self._keep(self._begun, (InputError if told["input"] else WorkError)(told["error"]))
        elif "answer" in told:
            self._keep(self._begun, told["answer"])

    def _keep(self, key: str, answer: Answer | FormatMattersError) -> None:
        self._begun = ""
        self._answers[key] = answer
        while len(self._answers) > MOST_KEPT:
            del self._answers[next(iter(self._answers))]
        for wanted in self._wanted.values():
            with contextlib.suppress(ValueError):
                wanted.remove(key)


# ---------------------------------------------------------------- in the process


def _compressions(home: str, **fields: Any) -> list[dict[str, Any]]:
    return [asdict(gain) for gain in compare_compressions(Home.find(home), **fields)]


def _estimated(**fields: Any) -> dict[str, Any]:
    return estimate(Build(**fields))


ANSWERS: Mapping[str, Callable[..., Answer]] = {"estimate": _estimated, "compressions": _compressions}


class _Wanted:
    """What is still to be answered, by asker; told by a thread that reads, taken by the one that estimates."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._by_asker: dict[str, list[str]] = {}

    def listen(self) -> None:
        """Until standard input is closed: then this process ends."""
        for line in sys.stdin.buffer:
            told = json.loads(line)
            with self._changed:
                self._by_asker.pop(told["asker"], None)
                self._by_asker[told["asker"]] = told["wanted"]  # who told last comes last
                self._changed.notify()
        os._exit(0)

    def next(self) -> str | None:
        """The first question of who told last; None where nobody asks for a while."""
        with self._changed:
            if not self._changed.wait_for(lambda: any(self._by_asker.values()), IDLE_SECONDS):
                return None
            asker = next(asker for asker in reversed(self._by_asker) if self._by_asker[asker])
            return self._by_asker[asker].pop(0)


def main() -> None:
    """Answer until nobody asks."""
    keep_freed_memory()
    wanted = _Wanted()
    threading.Thread(target=wanted.listen, daemon=True).start()
    while (key := wanted.next()) is not None:
        _say({"question": key})
        _say({"question": key, **_answered(key)})


def _answered(key: str) -> dict[str, Any]:
    kind, fields, _ = json.loads(key)
    try:
        return {"answer": ANSWERS[kind](**fields)}
    except FormatMattersError as error:
        return {"error": str(error), "input": isinstance(error, InputError)}
    except OSError as error:
        return {"error": disk_error_text(error, "the estimate"), "input": False}


def _say(told: Mapping[str, Any]) -> None:
    print(dumps(told, ascii_only=True), flush=True)


if __name__ == "__main__":
    main()
