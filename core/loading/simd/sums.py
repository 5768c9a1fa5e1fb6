"""Weighted sums of rows: what resizing consists of."""

from __future__ import annotations

# mypy: disable-error-code="no-untyped-call"
from typing import Any

from numba.core import cgutils

from .instruction import (
    ADDRESS,
    F32,
    I8,
    VOID,
    constant,
    instruction,
    load,
    offset,
    splat,
    store,
    vector,
    vector_function,
)

BYTES, FLOATS = vector(I8, 16), vector(F32, 8)


@instruction(VOID, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS)
def weighted_floats(builder: Any, rows: Any, step: Any, weights: Any, count: Any, out: Any) -> None:
    """Eight sums at once: out[lane] = sum over k < count of weights[k] * rows[k][lane], all float32.

    `rows`, `weights` and `out` are addresses; one row begins `step` bytes after the other.
    """
    _weighted_sum(builder, FLOATS, rows, step, weights, count, out)


@instruction(VOID, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS)
def weighted_bytes(builder: Any, rows: Any, step: Any, weights: Any, count: Any, out: Any) -> None:
    """Sixteen such sums of rows that are uint8."""
    _weighted_sum(builder, BYTES, rows, step, weights, count, out)


def _weighted_sum(builder: Any, kind: Any, rows: Any, step: Any, weights: Any, count: Any, out: Any) -> None:
    floats = vector(F32, kind.count)
    total = cgutils.alloca_once_value(builder, constant(0.0, floats))
    with cgutils.for_range(builder, count) as loop:
        row = load(builder, builder.add(rows, builder.mul(step, loop.index)), kind, align=1)
        row = builder.uitofp(row, floats) if kind is BYTES else row
        weight = splat(builder, load(builder, offset(builder, weights, loop.index, 4), F32), kind.count)
        builder.store(vector_function(builder, "fmuladd", row, weight, builder.load(total)), total)
    store(builder, builder.load(total), out)
