"""A preview in a process of its own: `python -m core.importing.preview_process REQUEST`, and who watches it.

However large or strange a place is, it ends: the process is ended after `MOST_SECONDS`, and when nobody waits for it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from subprocess import PIPE
from typing import Any

from ..base.errors import FormatMattersError, InputError, WorkError, disk_error_text
from ..base.events import Event, Progress, Result
from ..base.home import Home, check_name, suggested_name
from ..base.options import Value
from ..base.strict_json import dumps
from ..base.units import size_text
from ..processes.module_process import cause_of_death, end, exit_status, start_module
from .preview import PreviewRequest, previewing

MOST_SECONDS = 15.0

PAUSE = 0.05

TOO_LONG = "it takes too long to look at this; the import can be started all the same, and tells what is in it"

PICTURES = ("picture", "pictures")
"""Of a sample, what only pages show."""


class PreviewProcess:
    """A preview that has been started. Close it, or use it as a context manager; safe from several threads."""

    def __init__(self, request: PreviewRequest) -> None:
        self.begun = time.monotonic()
        self._lock = threading.Lock()
        self._told = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        self._process = start_module(
            ".importing.preview_process", dumps(request._asdict(), ascii_only=True), stdin=PIPE, stdout=self._told
        )
        self._result: Mapping[str, Any] | FormatMattersError | None = None

    def result(self, seconds: float = 0.0) -> Mapping[str, Any] | None:
        """The JSON of the preview, or None where it is not there after so many seconds.

        Raises:
            InputError: the import would refuse it for this reason.
            WorkError: the process died.
        """
        with self._lock:
            if self._result is None:
                status = exit_status(self._process, seconds)
                if status is not None:
                    self._result = self._read(status)
                elif time.monotonic() - self.begun > MOST_SECONDS + 1:
                    self._process.kill()
                    self._result = WorkError(TOO_LONG)
        if isinstance(self._result, FormatMattersError):
            raise self._result
        return self._result

    def _read(self, status: int) -> Mapping[str, Any] | FormatMattersError:
        self._told.seek(0)
        lines = self._told.read().splitlines()
        if not lines:
            return WorkError(f"the preview ended by {cause_of_death(status)}; the import can be started all the same")
        told: dict[str, Any] = json.loads(lines[-1])
        if "error" in told:
            return (InputError if told["input"] else WorkError)(told["error"])
        return told

    def close(self) -> None:
        """End it if it still runs. Safe to call twice."""
        with self._lock:
            end(self._process)
            self._told.close()

    def __enter__(self) -> PreviewProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True)
class DryRun:
    """What `Import` of the same would bring, without importing anything."""

    source: str
    name: str = ""
    limit: int | None = None
    options: Mapping[str, Value] = field(default_factory=dict)
    home: str | None = None
    reference: bool = False

    def run(self) -> Iterator[Event]:
        """Ends with the JSON of `import --dry-run`. Raises InputError where the import would, and WorkError."""
        name = check_name(self.name) if self.name else suggested_name(self.source)
        home = Home.find(self.home)
        request = PreviewRequest(self.source, self.options, self.limit, self.reference, str(home.root))
        yield Progress("looking", 0, None)
        with PreviewProcess(request) as process:
            while (told := process.result(PAUSE)) is None:
                pass
        warnings = list(told["warnings"])
        if (home.raw / name).exists():
            warnings.append(f"there is a dataset {name!r} already: choose another name")
        if told["needed"] > told["free"]:
            lacking = f"about {size_text(told['needed'])} are needed, but only {size_text(told['free'])} are free"
            warnings.append(f"{lacking}: free some space, import fewer images or by reference")
        samples = [{key: value for key, value in one.items() if key not in PICTURES} for one in told["samples"]]
        yield Result({"dataset": name, **told, "warnings": warnings, "samples": samples})


def main() -> None:
    """The last line on standard output is the preview's JSON, or an object with the `error`."""
    watching = threading.Timer(MOST_SECONDS, _give_up)
    watching.daemon = True
    watching.start()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        for event in previewing(PreviewRequest(**json.loads(sys.argv[1]))):
            if isinstance(event, Result):
                _say(event.data)
    except FormatMattersError as error:
        _say({"error": str(error), "input": isinstance(error, InputError)})
    except OSError as error:
        _say({"error": disk_error_text(error, "the preview"), "input": False})


def _say(told: Mapping[str, Any]) -> None:
    print(dumps(told, ascii_only=True), flush=True)


def _give_up() -> None:
    _say({"error": TOO_LONG, "input": False})
    os._exit(1)


def _end_with_parent() -> None:
    """Its end closes our standard input."""
    with contextlib.suppress(OSError):
        os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    main()
