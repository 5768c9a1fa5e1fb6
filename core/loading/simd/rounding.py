"""float32 to the numbers that a batch is made of: vectors of the same lanes in, narrower ones out.

float16 and bfloat16 are rounded to the nearest, of two equally near ones to the even (IEEE 754), as
`torch.Tensor.to` does it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from llvmlite.binding import llvm_version_info  # type: ignore[import-untyped]
from numba.core.registry import cpu_target

from .instruction import I8, I16, I32, constant, vector

F16 = ir.HalfType()

SIGN = 1 << 31
OVERFLOW = 0x477FF000
"""The least float32, as bits, that is nearer to 2^16 than to the largest float16; 2^16 is float16's infinity."""

INFINITE = 0x7F800000
LEAST_NORMAL = 113 << 23
"""2^-14, the least normal float16, as a float32's bits."""

BFLOAT16_SINCE = (22,)
"""The first version of LLVM with which the conversion to bfloat16 was tried."""

HALF = 126 << 23
"""0.5 as a float32's bits: beside it, a step is as large as between float16's subnormal numbers."""


class BFloat16(ir.Type):  # type: ignore[misc]
    """LLVM's type, which llvmlite does not have."""

    def _to_string(self) -> str:
        return "bfloat"


def has_float16() -> bool:
    """Whether the processor that numba compiles for converts float32 to float16.

    Where it does not, LLVM calls a function of the compiler's run-time library, which need not be there.
    """
    triple, features = _target()
    return triple.startswith(("aarch64", "arm64")) or "+f16c" in features


def has_bfloat16() -> bool:
    """Whether the processor converts float32 to bfloat16, and this LLVM lets it."""
    return "+avx512bf16" in _target()[1] and bool(llvm_version_info >= BFLOAT16_SINCE)


def _target() -> tuple[str, list[str]]:
    """What numba compiles for: the system, and the processor's features."""
    triple, _, features = cpu_target.target_context.codegen().magic_tuple()[:3]
    return str(triple), str(features).split(",")


def to_float32(_: Any, values: Any) -> Any:
    """As they are."""
    return values


def to_uint8(builder: Any, values: Any) -> Any:
    """0 up to below 256, cut off after the point."""
    return builder.fptoui(values, vector(I8, values.type.count))


def to_bfloat16(builder: Any, values: Any) -> Any:
    """As int16. Numbers below the smallest normal one may become 0."""
    return _narrowed(builder, values, BFloat16()) if has_bfloat16() else bfloat16_of_integers(builder, values)


def bfloat16_of_integers(builder: Any, values: Any) -> Any:
    """The same for processors without the instruction: float32's upper half, after the lower one was added to by almost
    one half of a step, or by one half of it where the upper half is odd. (Of what is not a number comes anything.)"""
    bits, constants = _bits(builder, values)
    odd = builder.and_(builder.lshr(bits, constants(16)), constants(1))
    rounded = builder.add(builder.add(bits, constants(0x7FFF)), odd)
    return builder.trunc(builder.lshr(rounded, constants(16)), vector(I16, values.type.count))


def to_float16(builder: Any, values: Any) -> Any:
    """As int16. What is too large is infinite."""
    return _narrowed(builder, values, F16) if has_float16() else float16_of_integers(builder, values)


def _narrowed(builder: Any, values: Any, kind: Any) -> Any:
    """Rounded by the processor."""
    lanes = values.type.count
    return builder.bitcast(builder.fptrunc(values, vector(kind, lanes)), vector(I16, lanes))


def float16_of_integers(builder: Any, values: Any) -> Any:
    """The same for processors without the instruction.

    Normal numbers: rounded at bit 13 as bfloat16 at bit 16, their exponent less by 127 - 15. Subnormal ones: rounded
    by the processor as it adds them to 0.5.
    """
    bits, constants = _bits(builder, values)
    sign = builder.and_(bits, constants(SIGN))
    size = builder.xor(bits, sign)
    odd = builder.and_(builder.lshr(size, constants(13)), constants(1))
    rounded = builder.add(builder.add(size, constants(0xFFF - (112 << 23))), odd)
    normal = builder.lshr(rounded, constants(13))
    beside = builder.fadd(builder.bitcast(size, values.type), constant(0.5, values.type))
    subnormal = builder.sub(builder.bitcast(beside, bits.type), constants(HALF))
    small = builder.icmp_unsigned("<", size, constants(LEAST_NORMAL))
    large = builder.icmp_unsigned(">=", size, constants(OVERFLOW))
    number = builder.icmp_unsigned("<=", size, constants(INFINITE))
    outside = builder.select(number, constants(0x7C00), constants(0x7E00))
    found = builder.select(large, outside, builder.select(small, subnormal, normal))
    found = builder.or_(found, builder.lshr(sign, constants(16)))
    return builder.trunc(found, vector(I16, values.type.count))


def _bits(builder: Any, values: Any) -> tuple[Any, Callable[[int], Any]]:
    """The bits of float32, and what makes constants to go with them."""
    kind = vector(I32, values.type.count)

    def constants(value: int) -> Any:
        return ir.Constant(kind, [value & 0xFFFFFFFF] * kind.count)

    return builder.bitcast(values, kind), constants


FORMATS: dict[str, tuple[int, Callable[[Any, Any], Any]]] = {
    "float32": (4, to_float32),
    "uint8": (1, to_uint8),
    "float16": (2, to_float16),
    "bfloat16": (2, to_bfloat16),
}
