"""The process that compiles every kernel: `python -m core.loading.compile_kernels [SET]`, which begins with that set.

It makes small batches with the pipelines themselves, so that what is compiled is what they call. One at a time works
at a cache folder; another one that is started meanwhile ends at once.
"""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from filelock import Timeout
from PIL import Image

from ..base.contracts import Buffer, Compression, Encoding, Labels, Shape
from ..base.package import load
from ..compressions import COMPRESSIONS
from ..encodings import ENCODINGS
from ..images.pixels import OriginalImage
from .batch_sampler import BatchSpec
from .compiling import PATIENCE, in_background, lock
from .fused import GATHER, KINDS, NOTING, SETS, fuse, set_of
from .kernel_cache import Compiled, cache_folder, compiled
from .normalise import Normalise
from .pipeline import staged
from .transform import SIDE

INTERVAL = 0.5
"""Seconds between two notes of how far it is."""

EDGE = 32


@dataclass
class FewImages:
    """A store of a few images in memory (see `core.loading.pipeline.Stored`) and its reader."""

    encoding: Encoding
    compression: Compression
    payloads: Sequence[bytes]
    labels: Labels = field(default_factory=lambda: np.zeros(2, np.int64))
    metadata: Mapping[str, Any] = field(default_factory=dict)
    dictionary: bytes | None = None
    path: Path = Path("memory")
    split: str = "train"

    @classmethod
    def encoded(cls, encoding: str) -> FewImages:
        file = io.BytesIO()
        Image.linear_gradient("L").resize((EDGE, EDGE)).convert("RGB").save(file, "PNG")
        bound = ENCODINGS.make(encoding).bind([(EDGE, EDGE, 3)] * 2)
        return cls(bound, COMPRESSIONS.make("none"), [bound.encode(OriginalImage(file.getvalue()))] * 2)

    def __len__(self) -> int:
        return len(self.payloads)

    @property
    def reader(self) -> FewImages:
        return self

    @property
    def payload_shape(self) -> Shape | None:
        return self.encoding.payload_shape

    def read(self, indices: Sequence[int]) -> list[Buffer]:
        return [self.payloads[index] for index in indices]

    def key(self, index: int) -> str:
        return str(index)

    def stored_bytes(self, index: int) -> int:
        return len(self.payloads[index])

    def release(self) -> None:
        """Nothing is mapped."""

    def close(self) -> None:
        """Nothing is open."""


def compile_set(name: str) -> None:
    """Compile the kernels of one of `SETS`, or load them where that was done before."""
    if name == GATHER:
        _gather()
        return
    if name == NOTING:
        from .jpeg.noting import records_of

        records_of([], 1)
        return
    for kind, told in KINDS.items():
        for transform in ("none", "train224"):
            if set_of(kind, transform) == name:
                _fill(told.encoding, transform)


def _fill(encoding: str, transform: str) -> None:
    store = FewImages.encoded(encoding)
    stages = staged(store, transform, 0, Normalise())
    edge = EDGE if transform == "none" else SIDE
    spec = BatchSpec(0, 0, np.arange(len(store)))
    fuse(store, stages).fill(spec, np.empty((len(store), 3, edge, edge), np.float32))


def _gather() -> None:
    from .gathering import gather

    memory = np.frombuffer(b"12", np.uint8)
    gather(memory, np.arange(2), np.ones(2, np.int64), np.empty(2, np.uint8))


class Compilation:
    """What there is to do, and the record of how far it is."""

    def __init__(self, first: str) -> None:
        from .native import KERNELS

        for kind in KINDS.values():
            load(kind.pipeline)  # all kernels are defined before they are counted
        from . import gathering  # noqa: F401 - for the same reason
        from .jpeg import noting  # noqa: F401

        self._kernels = KERNELS
        self._order = sorted(SETS, key=lambda name: name != first)
        self._sets = [name for name in compiled().sets if name in SETS]
        self._began = time.time()
        self._ended = threading.Event()

    def run(self) -> None:
        """Compile what is missing. What goes wrong is in the record, and raised."""
        notes = threading.Thread(target=self._note_often, daemon=True)
        notes.start()
        trouble = ""
        try:
            for name in self._order:
                compile_set(name)
                self._sets = [*self._sets, *({name} - set(self._sets))]
        except BaseException as error:
            trouble = f"{type(error).__name__}: {error}"[:500]
            raise
        finally:
            self._ended.set()
            notes.join()
            self._note(trouble)

    def _note_often(self) -> None:
        while not self._ended.wait(INTERVAL):
            self._note()

    def _note(self, trouble: str = "") -> None:
        kernels = len(self._kernels)
        done = kernels if set(SETS) <= set(self._sets) else sum(bool(kernel.signatures) for kernel in self._kernels)
        Compiled(tuple(self._sets), kernels, done, self._began, time.time(), trouble).write()


def main(arguments: Sequence[str]) -> None:
    """Compile what is missing in the cache folder; `arguments`: the name of the set to begin with."""
    if not in_background() or set(SETS) <= set(compiled().sets):
        return
    cache_folder().mkdir(parents=True, exist_ok=True)
    held = lock()
    try:
        held.acquire(timeout=PATIENCE)
    except Timeout:
        return
    with held:
        Compilation(arguments[0] if arguments else "").run()


if __name__ == "__main__":
    os.nice(19)  # whoever does anything else goes first
    main(sys.argv[1:])
