"""The process that compiles every kernel, these sets first: `python -m core.loading.compile_kernels [SET...]`.

It makes small batches with the pipelines themselves, so that what is compiled is what they call. One at a time works
at a cache folder; another one that is started meanwhile ends at once.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from filelock import Timeout
from PIL import Image

from ..base.contracts import Buffer, Compression, Encoding, Labels, Shape
from ..base.package import load
from ..base.strict_json import dumps
from ..compressions import COMPRESSIONS
from ..encodings import ENCODINGS
from ..images.pixels import OriginalImage
from ..processes.cpus import usable_cpus
from ..processes.module_process import end, start_module
from .batch_sampler import BatchSpec
from .compiling import PATIENCE, STOPPED, asked_to_stop, in_background, lock
from .fused import GATHER, KINDS, NOTING, SETS, fuse, set_of
from .kernel_cache import Compiled, cache_folder, compiled
from .normalise import Normalise
from .pipeline import staged
from .transform import SIDE

INTERVAL = 0.5
"""Seconds between two notes of how far it is."""

EDGE = 32

SHARE = "share"


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


def define_kernels() -> list[Any]:
    """All kernels, so that they can be counted before any is compiled."""
    from . import gathering  # noqa: F401 - it defines one
    from .jpeg import noting  # noqa: F401
    from .native import KERNELS

    for kind in KINDS.values():
        load(kind.pipeline)
    return KERNELS


class Compilation:
    """What there is to do, and the record of how far it is.

    Kinds have few kernels in common. So where there are two CPUs, a second process compiles the sets of every second
    kind (`SHARE`) and says on its standard output what is done.
    """

    def __init__(self, first: Sequence[str], *, share: bool = True) -> None:
        """`first`: the sets to begin with. `share`: whether a second process may take a part."""
        self._kernels = define_kernels()
        self._sets = [name for name in compiled().sets if name in SETS]
        missing = [name for name in SETS if name not in self._sets]
        self._own, self._others = divided(missing, first) if share and usable_cpus() > 1 else (missing, [])
        self._names: set[str] = set()
        self._began = time.time()
        self._ended = threading.Event()
        self._sharing = Sharing(self._others, self._told)

    def run(self) -> None:
        """Compile what is missing. What goes wrong is in the record, and raised."""
        notes = threading.Thread(target=self._note_often, daemon=True)
        notes.start()
        trouble = ""
        try:
            self._compile()
        except BaseException as error:
            trouble = f"{type(error).__name__}: {error}"[:500]
            raise
        finally:
            self._ended.set()
            notes.join()
            self._note(trouble)

    def _compile(self) -> None:
        with self._sharing:
            for name in self._own:
                compile_set(name)
                self._told([name], [])
            self._sharing.wait()
        for name in self._others:  # whatever the other process has not done
            if name not in self._sets:
                compile_set(name)
                self._told([name], [])

    def _told(self, sets: Sequence[str], names: Sequence[str]) -> None:
        self._sets = [*self._sets, *(name for name in sets if name not in self._sets)]
        self._names |= set(names)

    def _note_often(self) -> None:
        while not self._ended.wait(INTERVAL):
            self._note()
            if asked_to_stop(self._began):
                self._sharing.end()
                os._exit(STOPPED)  # nothing ends a kernel that is being compiled; each is kept when it is whole

    def _note(self, trouble: str = "") -> None:
        done = len(self._names | set(names_done(self._kernels)))
        if set(SETS) <= set(self._sets):
            done = len(self._kernels)
        Compiled(tuple(self._sets), len(self._kernels), done, self._began, time.time(), trouble).write()


def divided(sets: Sequence[str], first: Sequence[str]) -> tuple[list[str], list[str]]:
    """These sets, those of every second kind apart; of both parts `first` come first, the first one in the first."""
    kinds = list(dict.fromkeys(name.partition("/")[0] for name in SETS))
    order = [name for name in first if name in SETS]
    mine = kinds.index(order[0].partition("/")[0]) % 2 if order else 0
    parts: tuple[list[str], list[str]] = ([], [])
    for name in sorted(sets, key=lambda name: order.index(name) if name in order else len(order)):
        parts[(kinds.index(name.partition("/")[0]) + mine) % 2].append(name)
    return parts


def names_done(kernels: Sequence[Any]) -> list[str]:
    """Those that are compiled."""
    found = (kernel.py_func for kernel in kernels if kernel.signatures)
    return [f"{function.__module__}.{function.__qualname__}" for function in found]


class Sharing:
    """The second process, for as long as the `with` lasts; `told(sets, names)` hears what it has done."""

    def __init__(self, sets: Sequence[str], told: Callable[[Sequence[str], Sequence[str]], None]) -> None:
        self._sets, self._told = sets, told
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if self._sets:
            with suppress(OSError):
                self._process = start_module(
                    ".loading.compile_kernels", SHARE, *self._sets, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
                )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """End the process, whatever it does."""
        if self._process is not None:
            end(self._process)

    def wait(self) -> None:
        """Until it has ended, whatever it came to."""
        self._listener.join()

    def _listen(self) -> None:
        if self._process is None or self._process.stdout is None:
            return
        for line in self._process.stdout:
            told = json.loads(line)
            self._told(told["sets"], told["names"])


def compile_share(sets: Sequence[str]) -> None:
    """In the second process. It ends with the first one: nobody reads what it says then."""
    kernels, done = define_kernels(), []
    for name in sets:
        compile_set(name)
        done.append(name)
        print(dumps({"sets": done, "names": names_done(kernels)}), flush=True)


def main(arguments: Sequence[str]) -> None:
    """Compile what is missing in the cache folder; `arguments`: names of the sets to begin with.

    `SHARE` and names of sets: the part of another process that does this.
    """
    if arguments[:1] == [SHARE]:
        compile_share(arguments[1:])
        return
    if not in_background() or set(SETS) <= set(compiled().sets):
        return
    cache_folder().mkdir(parents=True, exist_ok=True)
    held = lock()
    try:
        held.acquire(timeout=PATIENCE)
    except Timeout:
        return
    with held:
        Compilation(arguments).run()


if __name__ == "__main__":
    os.nice(19)  # whoever does anything else goes first
    main(sys.argv[1:])
