"""Sums over bytes, of which checksums consist."""

from __future__ import annotations

# mypy: disable-error-code="no-untyped-call"
from typing import Any

from numba.core import cgutils

from .instruction import ADDRESS, I8, I32, I64, VOID, constant, instruction, load, offset, store, vector

LANES = 32
BYTES, SUMS = vector(I8, LANES), vector(I32, LANES)


@instruction(VOID, ADDRESS, ADDRESS, ADDRESS)
def sum_lanes(builder: Any, address: Any, blocks: Any, out: Any) -> None:
    """Add up `blocks` times `LANES` bytes lane by lane, into uint32 (2, LANES) at `out`.

    First the sum of each lane, then the sum of what the lane's sum was after each block: it fits into 32 bits for up
    to 5,800 blocks.
    """
    zero = constant(0, SUMS)
    plain, running = cgutils.alloca_once_value(builder, zero), cgutils.alloca_once_value(builder, zero)
    with cgutils.for_range(builder, blocks) as loop:
        block = load(builder, builder.add(address, builder.mul(loop.index, I64(LANES))), BYTES, align=1)
        total = builder.add(builder.load(plain), builder.zext(block, SUMS))
        builder.store(total, plain)
        builder.store(builder.add(builder.load(running), total), running)
    store(builder, builder.load(plain), out)
    store(builder, builder.load(running), offset(builder, out, LANES, 4))
