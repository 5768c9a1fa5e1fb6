"""A kind of file that must be walked through, and of which several are one: lines of numbers between 0 and 9.

Each file begins with "LINES"; a record is a line, a small grey picture of its first number, its label the second.
"""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from core.base.registry import Registration, Registry
from core.inspect.candidate import UnidentifiedFile
from core.inspect.display import Choice
from core.inspect.fields import Declared, FieldRecords
from core.inspect.kinds import KINDS
from core.inspect.records import Finding, ReadCost
from core.inspect.registration import KindRegistration

MAGIC = b"LINES\n"
SLOW = b"SLOW\n"
"""A first line with which each step of the walk finds one record alone."""


def write(path: Path, rows: list[tuple[int, int]], slow: bool = False) -> Path:
    lines = b"".join(b"%d %d\n" % row for row in rows)
    path.write_bytes(MAGIC + (SLOW if slow else b"") + lines)
    return path


def detects(candidate: UnidentifiedFile) -> bool:
    return candidate.head.startswith(MAGIC)


class LinesFile:
    kind: ClassVar[str] = "lines"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.choice = Choice()
        self.data = path.read_bytes()
        self.slow = self.data.startswith(MAGIC + SLOW)
        self.at = len(MAGIC) + (len(SLOW) if self.slow else 0)
        self.starts: list[int] = []
        self.steps = 0

    def index_step(self, seconds: float) -> tuple[int, int]:
        while self.at < len(self.data):
            if b"\n" not in self.data[self.at :]:
                raise ValueError(f"a line at byte {self.at} has no end")
            self.starts.append(self.at)
            self.at = self.data.index(b"\n", self.at) + 1
            self.steps += 1
            if self.slow:
                time.sleep(0.01)
                break
        return self.at, len(self.data)

    def index_arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        return {"starts": np.array(self.starts, np.int64), "at": np.array([self.at], np.int64)}

    def use_index(self, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
        starts, at = arrays["starts"].tolist(), int(arrays["at"][0])
        if not all(0 < start < len(self.data) for start in starts) or not 0 < at <= len(self.data):
            raise ValueError("it lies outside")
        self.starts, self.at = starts, at

    def structure(self) -> Mapping[str, Any]:
        cost = ReadCost(4, 4, "one line")
        return {"lines": len(self.starts), "steps": self.steps, "read_cost": cost.to_json()}

    def warnings(self) -> list[str]:
        return []


class LinesRecords(FieldRecords):
    kind: ClassVar[str] = "lines"
    named_keys: ClassVar[bool] = True

    def __init__(self, file: LinesFile) -> None:
        super().__init__(file, "it begins with LINES", Declared(image="grey", label="second", said="it is a test"))
        self.lines = file
        odd = sum(label > 5 for _, label in map(self._row, range(len(self))))
        if odd:
            self.findings.append(Finding("large", odd, "", "labels are above 5", "leave them out"))

    @classmethod
    def recognise(cls, file: LinesFile) -> LinesRecords:
        return cls(file)

    def __len__(self) -> int:
        return len(self.lines.starts)

    def _row(self, index: int) -> tuple[int, int]:
        start = self.lines.starts[index]
        first, second = self.lines.data[start : self.lines.data.index(b"\n", start)].split()
        return int(first), int(second)

    def key(self, index: int) -> str:
        return f"line {index}" if index else f"first of {self.lines.path.stem[:5]}"

    def fields(self, index: int) -> Mapping[str, Any]:
        grey, second = self._row(index)
        return {"grey": _png(grey) if grey != 9 else None, "twice": _png(2 * grey), "second": second}


def _png(grey: int) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (6, 6), (grey,) * 3).save(made, "PNG")
    return made.getvalue()


KIND = KindRegistration(
    where="shards_kind:LinesFile",
    title="Lines",
    detects="shards_kind:detects",
    shards=True,
    index=1,
    schemas=Registry("schema for lines", {"lines": Registration("shards_kind:LinesRecords", "Lines")}),
)


def register() -> None:
    KINDS.register("lines", KIND)


def three(folder: Path) -> list[Path]:
    """Shards 0 to 2 of 4, in which are two, one and three records; the image of the last but one is missing."""
    rows = [[(1, 0), (2, 1)], [(3, 2)], [(4, 3), (9, 4), (5, 7)]]
    return [write(folder / f"train-{number:05d}-of-00004", part) for number, part in enumerate(rows)]
