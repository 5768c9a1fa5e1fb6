"""The Inspector's reader inside the tests' own process, for files that the tests made: starting one for each takes
longer than all that is tested."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.base.errors import InputError
from core.base.strict_json import dumps
from core.inspect import files, limits
from core.inspect.kinds import IdentifiedFile
from core.inspect.opened_file import OpenedFile
from core.inspect.requests import REQUESTS


class InProcessReader:
    """`core.inspect.process.ReaderProcess` without a process; messages are turned into JSON and back all the same."""

    def __init__(
        self, found: IdentifiedFile, schema: str | None = None, seconds: float | None = None, index: Path | None = None
    ) -> None:
        paths = [str(path) for path in found.paths]
        self._opened = OpenedFile(found.kind, str(found.path), schema, paths, found.notes, index and str(index))
        self.walked = self._opened.walked

    def ask(self, request: str, *, timeout: float = 0, **arguments: Any) -> tuple[dict[str, Any], list[bytes]]:
        try:
            fields, blobs = REQUESTS[request].from_json(json.loads(dumps(arguments))).answer(self._opened)
        except InputError:
            raise
        except Exception as error:
            raise InputError(limits.sentence(error)) from error
        return json.loads(dumps(fields)), [bytes(blob) for blob in blobs]

    def close(self) -> None:
        pass


@pytest.fixture
def reader_in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "ReaderProcess", InProcessReader)
