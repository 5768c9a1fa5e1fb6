"""A rival in a process of its own: spoken to in lines of JSON (`inside.main`), watched, and ended for sure."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import psutil

from ..base.errors import InputError
from ..base.files import Unreadable, parse_object
from ..base.lock import Lock
from ..base.steps import outcome
from ..base.strict_json import dumps
from ..machine.process_tree import ProcessTree
from ..processes.module_process import cause_of_death, module_command, module_environment
from . import RIVALS
from .environments.use import hold
from .environments.variables import environment_variables
from .exported import Exported
from .guard import guardian
from .handed import Handed, RivalFailed, read_handed
from .inside import start as start_module
from .inside.work import RivalWork
from .registration import OWN

LOOK = 0.25
"""Seconds between two looks at the memory of its processes."""

LONGEST_LINE = 1_000_000
STARTED_S = 120.0
ENDED_S = 5.0
GB = 1e9


@dataclass(frozen=True)
class RivalLimits:
    """answer_s: seconds that one answer may take beyond what it was asked to work. memory_bytes: of its processes."""

    answer_s: float = 300.0
    memory_bytes: float = 16 * GB


@dataclass(frozen=True)
class Used:
    """What a rival's processes took while it did one thing: seconds of processor time of all of them, and the most
    memory at one time (private and shared memory, shared pages once; mapped files left out)."""

    cpu_s: float = 0.0
    peak_memory_bytes: float = 0.0


class RivalProcess:
    """One rival, started; everything of its session ends with `close`.

    python: of its environment; None for this program's own. Every method raises RivalFailed, after which nothing of
    the rival runs any more: it crashed, said what is no answer, took too long or too much memory, or says what failed.
    """

    def __init__(self, name: str, exported: Exported, limits: RivalLimits | None = None, python: Path | None = None):
        self.name, self.exported = name, exported
        self.limits = limits or RivalLimits()
        self.registration = RIVALS[name]
        self.version = ""
        self.used = Used()
        self._scratch = tempfile.TemporaryDirectory(prefix="rival-")
        self._errors = (Path(self._scratch.name) / "errors.txt").open("w+b")
        self._pending = b""
        self._paused = False
        try:
            self._process = self._started(python)
        except (OSError, InputError) as error:
            self._forget()
            raise RivalFailed(f"it cannot be started: {error}") from None
        guardian().watch(self._process.pid)
        try:
            self._tree = ProcessTree([self._process.pid])
        except psutil.Error:
            raise self._failed(self._death()) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _started(self, python: Path | None) -> subprocess.Popen[bytes]:
        arguments = (self.name, str(self.exported.folder))
        held: Lock | None = None
        if self.registration.environment == OWN:
            command, environment = module_command(".rivals.inside.main", *arguments), module_environment()
        else:
            interpreter = python or Path(sys.executable)
            command = [str(interpreter), "-P", start_module.__file__, *arguments]
            environment, held = environment_variables(interpreter), hold(interpreter)
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env={**environment, "PYTHONNOUSERSITE": "1", **self.registration.variables},
                cwd=self._scratch.name,
                start_new_session=True,
                pass_fds=[] if held is None else [held.fileno()],  # its environment stays as long as it lives
            )
        finally:
            if held is not None:
                held.close()

    # ------------------------------------------------------------ what it can be asked

    def begin(self) -> None:
        """Wait until it has imported its library; its version is known then."""
        self.version = str(outcome(self._answers(STARTED_S)).get("version", ""))

    def prepare(self, folder: Path) -> float:
        """Have it write its container below an empty folder; the seconds that took."""
        return float(self._ask({"do": "prepare", "folder": str(folder)}, self.limits.answer_s)["seconds"])

    def open(self, folder: Path, work: RivalWork) -> None:
        """Have it open its container, for what follows."""
        self._ask({"do": "open", "folder": str(folder), "work": asdict(work)}, self.limits.answer_s)

    def epochs(
        self, seconds: float, *, most: int | None = None, images: int = 16, seed: int = 0, means: bool = False
    ) -> Generator[Mapping[str, float], None, Handed]:
        """Have it consume whole epochs until the seconds are up, or `most` of them (one at least).

        Yields live figures, {"live": samples, "seconds": s}. `images`: how many are kept whole; `means`: of all.
        """
        out = Path(self._scratch.name) / "handed.npz"
        spread = 0.0 if most is not None else seconds  # over the first batches, or over the time
        look = {"images": images, "seconds": spread, "seed": seed, "means": means}
        command = {"do": "epochs", "seconds": seconds, "most": most, "look": look, "out": str(out)}
        try:
            told = yield from self._answers(seconds + self.limits.answer_s, command)
        except GeneratorExit:  # cancelled: it is not asked to end what it is at first
            self._kill()
            raise
        handed = read_handed(told, out)
        out.unlink(missing_ok=True)
        return handed

    def pids(self) -> list[int]:
        """Its processes: the one that was started, and all that come from it."""
        return self._tree.pids()

    def pause(self) -> None:
        """Stop its processes while another is timed."""
        self._signal(signal.SIGSTOP)
        self._paused = True

    def resume(self) -> None:
        self._signal(signal.SIGCONT)
        self._paused = False

    def close(self) -> None:
        """End it: by itself if it does so at once, so that it cleans up after itself; then by force. Safe twice."""
        if self._errors.closed:
            return
        if self._paused:
            self.resume()
        with contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(ENDED_S)
        self._kill()

    # ------------------------------------------------------------ how it is spoken to

    def _ask(self, command: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        return outcome(self._answers(seconds, command))

    def _send(self, command: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(dumps(command).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise self._failed(self._death()) from None

    def _answers(
        self, seconds: float, command: Mapping[str, Any] | None = None
    ) -> Generator[Mapping[str, float], None, dict[str, Any]]:
        """Send a command; live lines as they come; the answer at the end. What is used counts from before it."""
        before, peak = self._tree.look().used.cpu_s, self._memory()
        if command is not None:
            self._send(command)
        deadline = time.monotonic() + seconds
        while True:
            line = self._line()
            if line is None:
                self._tree.look()
                peak = max(peak, self._memory())
                if peak > self.limits.memory_bytes:
                    raise self._failed(f"it took more than {self.limits.memory_bytes / GB:.1f} GB of memory")
                if time.monotonic() > deadline:
                    raise self._failed(f"it did not answer within {seconds:.0f} s")
                continue
            told = self._parsed(line)
            if "live" in told:
                yield told
                continue
            self._tree.look()
            self.used = Used(self._tree.used.cpu_s - before, max(peak, self._memory()))
            return told

    def _parsed(self, line: bytes) -> dict[str, Any]:
        try:
            told = parse_object(line)
        except Unreadable:
            raise self._failed("what it said is no answer") from None
        if "error" in told:
            raise self._failed(str(told["error"])[:500])
        return told

    def _line(self) -> bytes | None:
        """The next line; None where there is none within `LOOK` seconds."""
        assert self._process.stdout is not None
        due = time.monotonic() + LOOK
        while b"\n" not in self._pending:
            left = due - time.monotonic()
            if left <= 0 or not select.select([self._process.stdout], [], [], left)[0]:
                return None
            found = os.read(self._process.stdout.fileno(), 65536)
            if not found:
                raise self._failed(self._death())
            self._pending += found
            if len(self._pending) > LONGEST_LINE:
                raise self._failed("what it said is no answer")
        line, _, self._pending = self._pending.partition(b"\n")
        return line

    def _memory(self) -> float:
        memory = self._tree.memory
        return memory.resident - memory.mapped + memory.shared

    # ------------------------------------------------------------ how it ends

    def _failed(self, reason: str) -> RivalFailed:
        self._kill()
        return RivalFailed(reason)

    def _death(self) -> str:
        """What its end says."""
        try:
            status: int | None = self._process.wait(ENDED_S)
        except subprocess.TimeoutExpired:
            return "it closed its output"
        last = self._last_words()
        return f"it died of {cause_of_death(status)}" + (f": {last}" if last else "")

    def _last_words(self) -> str:
        """The last line that it wrote to standard error."""
        if self._errors.closed:
            return ""
        self._errors.seek(max(self._errors.seek(0, os.SEEK_END) - 4000, 0))
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1].strip()[:300] if lines else ""

    def _signal(self, number: int) -> None:
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, number)

    def _kill(self) -> None:
        """End its session, and what left it."""
        members = self._tree.pids() if hasattr(self, "_tree") else []
        self._signal(signal.SIGKILL)
        for pid in members:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        guardian().release(self._process.pid)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self._forget()

    def _forget(self) -> None:
        self._errors.close()
        self._scratch.cleanup()
