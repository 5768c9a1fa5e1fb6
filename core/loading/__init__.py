"""Batches for training, module by module in the order in which data travels.

    batch_sampler  which samples, in which order, in which batch, on which rank
    block_shuffle, shard_shuffle  orders for stores that do not fit in memory, or whose shards are read whole
    loader_state   where an epoch stands, as plain values
    decode         payloads to pixels
    transform      which part of each image, at which size, flipped or not
    normalise      pixels to numbers in the layout that networks take
    batch_memory   whole cache lines and huge pages for batches
    collate        the memory in which a batch lies, reused once nobody holds it
    pipeline       fetch, decompress, decode, transform, normalise in a row, for one batch
    fused          the same in one pass over memory, compiled
    executors      who does it: this thread, several threads, several processes
    slices         one batch cut into parts that several of them fill
    transfer       to the device
    loaders        the loaders one can choose from, each with an engine that makes the batches
    loader         `make_loader`, the door to all of it
    compiling      kernels compiled ahead, and who waits for them: `compile_ahead`, `compile_now`
    task           `Load`, the measurement of one load

Importing this package imports neither torch nor numba; `make_loader` does, when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .compiling import compile_ahead, compile_now
    from .loader import Loader, make_loader

__all__ = ["Loader", "compile_ahead", "compile_now", "make_loader"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name.startswith("compile"):
        from . import compiling

        return getattr(compiling, name)
    from ..base.gc_pause import collector_paused

    with collector_paused:
        from . import loader

    return getattr(loader, name)
