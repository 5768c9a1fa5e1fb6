"""Payloads copied out of a mapped container, a batch in one call: reading, with nothing else in it."""

from __future__ import annotations

# Compiled by numba, which infers its own types: the annotations are for readers.
# mypy: disable-error-code="untyped-decorator"
import numpy as np
import numpy.typing as npt

from .native import kernel

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]


@kernel
def gather(memory: Bytes, offsets: Numbers, lengths: Numbers, out: Bytes) -> int:
    """Copy `memory[offset : offset + length]` of each payload into `out`, one behind the other; the bytes copied."""
    end = 0
    for number in range(len(offsets)):
        start, length = offsets[number], lengths[number]
        out[end : end + length] = memory[start : start + length]
        end += length
    return end
