"""Memory for batches: where it begins, and which of it is used again first."""

from __future__ import annotations

import numpy as np
import pytest

from core.loading.batch_memory import CACHE_LINE, HUGE_PAGE, batch_memory
from core.loading.collate import BufferPool


@pytest.mark.parametrize("shape", [(1, 3, 5, 7), (256, 3, 32, 32), (1, HUGE_PAGE // 4), (3, HUGE_PAGE // 2 + 1)])
def test_memory_begins_with_a_cache_line_and_is_there_to_its_end(shape: tuple[int, ...]) -> None:
    memory = batch_memory(shape, np.float32)
    assert memory.shape == shape
    assert memory.dtype == np.float32
    assert memory.ctypes.data % CACHE_LINE == 0
    memory[...] = 7
    assert memory.sum(dtype=np.float64) == 7 * memory.size


def test_the_memory_that_came_back_last_is_lent_first() -> None:
    pool = BufferPool((4, 8, 8), np.uint8, keep=3)
    loans = [pool.take(4) for _ in range(3)]
    places = [loan.ctypes.data for loan in loans]
    loans.clear()
    assert pool.take(2).ctypes.data == places[2]
