"""pyarrow as a reader process can have it: one thread, and no pool that reserves memory beforehand."""

from __future__ import annotations

import pyarrow as pa


def settle() -> None:
    """Called when a kind's module is imported, which happens in the reader process alone."""
    pa.set_memory_pool(pa.system_memory_pool())
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
