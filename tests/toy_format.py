"""A format of one file, as somebody would add it from elsewhere: everything that others ask of it stands here.

Layout, all numbers little-endian: the payloads end to end, each on a multiple of `align` bytes; labels (int64 (n,));
lengths (int64 (n,)); JSON; the bytes of the JSON (uint64). No library reads it but this.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.base.contracts import Buffer, Contents, Extents, Labels
from core.base.errors import InputError
from core.base.options import option
from core.base.strict_json import dumps
from core.formats import FORMATS
from core.formats.container import MappedContainerReader, checked_labels, open_file
from core.formats.registration import ContainerSigns, FormatRegistration

NAME = "toy"
TAIL = 8
PER_SAMPLE = 16
MOST = 1_000_000


def register() -> None:
    """What a plugin has to have."""
    FORMATS.register(
        NAME,
        FormatRegistration(
            where=f"{__name__}:ToyFormat",
            title="Toy, one flat file",
            noun="a toy file",
            sizes=f"{__name__}:occupied",
            mapped=True,
            not_on_network_drives="toys stay at home",
            signs=ContainerSigns(endings=(".toy",)),
        ),
    )


def occupied(sizes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return sizes + PER_SAMPLE


@dataclass(frozen=True)
class ToyFormat:
    """Payloads end to end, what else there is behind them."""

    align: int = option(1, "Bytes: every payload begins at a multiple of them", minimum=1, maximum=4096)
    ending = ".toy"

    def check(self, contents: Contents) -> None:
        if contents.samples > MOST:
            raise InputError(f"{contents.samples:,} samples are too many for a toy")

    def writer(self, path: Path, contents: Contents) -> ToyWriter:
        return ToyWriter(path, contents, self.align)

    def reader(self, path: Path) -> ToyReader:
        return ToyReader(path)

    def used_bytes(self, path: Path) -> int:
        return path.stat().st_size


class ToyWriter:
    def __init__(self, path: Path, contents: Contents, align: int) -> None:
        self._contents, self._align = contents, align
        self._labels: list[int] = []
        self._lengths: list[int] = []
        self._file = path.open("xb")

    def write(self, payloads: Sequence[Buffer], labels: Sequence[int], suffixes: Sequence[str]) -> None:
        for payload in payloads:
            self._file.write(bytes(payload))
            self._file.write(bytes(-len(payload) % self._align))
            self._lengths.append(len(payload))
        self._labels.extend(labels)

    def close(self) -> None:
        contents, dictionary = self._contents, self._contents.dictionary
        told = {
            "samples": contents.samples,
            "classes": list(contents.classes),
            "align": self._align,
            "dictionary": None if dictionary is None else base64.b64encode(dictionary).decode(),
            **contents.metadata,
        }
        header = dumps(told).encode()
        numbers = np.array([*self._labels, *self._lengths], "<i8").tobytes()
        self._file.write(numbers + header + len(header).to_bytes(TAIL, "little"))
        self._file.close()

    def abort(self) -> None:
        self._file.close()


class ToyReader(MappedContainerReader):
    def _open(self) -> None:
        self._json  # noqa: B018 - it is read when it is first asked for

    @cached_property
    def _memory(self) -> npt.NDArray[np.uint8]:
        with open_file(self._path) as file:
            return np.memmap(file, np.uint8, "r")

    @cached_property
    def _header(self) -> tuple[dict[str, Any], int]:
        """The JSON, and where it begins."""
        end = len(self._memory) - TAIL
        begin = end - int.from_bytes(self._memory[end:].tobytes(), "little")
        if begin < 0:
            raise ValueError("its tail leads out of the file")
        return json.loads(self._memory[begin:end].tobytes()), begin

    @property
    def _json(self) -> dict[str, Any]:
        return self._header[0]

    @cached_property
    def _numbers(self) -> npt.NDArray[np.int64]:
        """Labels and lengths, int64 (2, n)."""
        count, end = int(self._json["samples"]), self._header[1]
        begin = end - PER_SAMPLE * count
        if count < 0 or begin < 0:
            raise ValueError("it is too short for its samples")
        return np.frombuffer(self._memory[begin:end].tobytes(), "<i8").reshape(2, count)

    @cached_property
    def _extents(self) -> Extents:
        lengths, align = self._numbers[1], int(self._json["align"])
        if (lengths < 0).any() or align < 1:
            raise ValueError("a length is below 0")
        padded = -(-lengths // align) * align
        ends = np.cumsum(padded)
        if len(ends) and ends[-1] > len(self._memory):
            raise ValueError("payloads reach beyond the file")
        return Extents(self._memory, ends - padded, lengths)

    def _extents_of_all(self) -> Extents:
        return self._extents

    def _labels(self) -> Labels:
        return checked_labels(self._numbers[0], self._path)

    def _metadata(self) -> Mapping[str, Any]:
        return {name: value for name, value in self._json.items() if name != "dictionary"}

    def _dictionary(self) -> bytes | None:
        text = self._json["dictionary"]
        return None if text is None else base64.b64decode(text)

    def _read(self, indices: Sequence[int]) -> list[Buffer]:
        memory, offsets, lengths = self._extents
        return [memory[offsets[at] : offsets[at] + lengths[at]].data for at in indices]

    def _key(self, index: int) -> str:
        return f"#{index}"

    def _stored_bytes(self, index: int) -> int:
        return int(self._numbers[1][index]) + PER_SAMPLE

    def close(self) -> None:
        for name in ("_memory", "_header", "_numbers", "_extents"):
            self.__dict__.pop(name, None)
