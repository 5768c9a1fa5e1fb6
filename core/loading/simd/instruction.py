"""How an instruction is made, and the few that read and write single numbers."""

from __future__ import annotations

# mypy: disable-error-code="no-untyped-call"
import inspect
import sys
from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import extending, types
from numba.core import cgutils

F32 = ir.FloatType()
I8, I16, I32, I64 = ir.IntType(8), ir.IntType(16), ir.IntType(32), ir.IntType(64)

VOID, ADDRESS, INTEGER, BYTE, FLOAT = types.void, types.uint64, types.int64, types.uint8, types.float32


def instruction(returns: Any, *takes: Any) -> Callable[[Callable[..., Any]], Any]:
    """Make a function that emits LLVM code, `emit(builder, *values)`, callable in kernels with these types."""

    def make(emit: Callable[..., Any]) -> Any:
        def define(typingctx: Any, *arguments: Any) -> Any:
            def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
                result = emit(builder, *values)
                return context.get_dummy_value() if result is None else result

            return returns(*takes), codegen

        define.__name__, define.__doc__ = emit.__name__, emit.__doc__
        # numba counts the arguments by name.
        define.__signature__ = inspect.signature(emit)  # type: ignore[attr-defined]
        return extending.intrinsic(define)

    return make


def vector(kind: Any, lanes: int) -> Any:
    return ir.VectorType(kind, lanes)


def load(builder: Any, address: Any, kind: Any, align: int = 4) -> Any:
    """A value of `kind`, a vector perhaps, at an address."""
    loaded = builder.load(builder.inttoptr(address, kind.as_pointer()))
    loaded.align = align
    return loaded


def store(builder: Any, value: Any, address: Any, align: int = 4) -> None:
    builder.store(value, builder.inttoptr(address, value.type.as_pointer())).align = align


def offset(builder: Any, address: Any, number: Any, size: int) -> Any:
    """The address of element `number`, a value or an int, of an array whose elements have `size` bytes."""
    return builder.add(address, builder.mul(number if isinstance(number, ir.Value) else I64(number), I64(size)))


def splat(builder: Any, value: Any, lanes: int) -> Any:
    """A vector that holds a value in every lane."""
    kind = vector(value.type, lanes)
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, I32(0))
    return builder.shuffle_vector(one, one, ir.Constant(vector(I32, lanes), [0] * lanes))


def constant(value: float, kind: Any) -> Any:
    """A vector constant that holds a value in every lane."""
    return ir.Constant(kind, [value] * kind.count)


def shuffle(builder: Any, one: Any, other: Any, lanes: list[int]) -> Any:
    return builder.shuffle_vector(one, other, ir.Constant(vector(I32, len(lanes)), lanes))


def vector_function(builder: Any, name: str, *values: Any) -> Any:
    """Call LLVM's `name` ("floor", "fmuladd") on vectors of float32."""
    kind = values[0].type
    full = f"llvm.{name}.v{kind.count}f32"
    signature = ir.FunctionType(kind, [kind] * len(values))
    return builder.call(cgutils.get_or_insert_function(builder.module, signature, full), values)


@instruction(ADDRESS, ADDRESS)
def load_be64(builder: Any, address: Any) -> Any:
    """The eight bytes at an address, the first one highest; it need not be aligned."""
    loaded = load(builder, address, I64, align=1)
    return builder.bswap(loaded) if sys.byteorder == "little" else loaded


@instruction(ADDRESS, ADDRESS)
def load_le64(builder: Any, address: Any) -> Any:
    """The eight bytes at an address, the first one lowest; it need not be aligned."""
    loaded = load(builder, address, I64, align=1)
    return loaded if sys.byteorder == "little" else builder.bswap(loaded)


@instruction(INTEGER, ADDRESS, ADDRESS)
def load_u8(builder: Any, address: Any, index: Any) -> Any:
    """Element `index` of the uint8 array at an address."""
    return builder.zext(load(builder, offset(builder, address, index, 1), I8, align=1), I64)


@instruction(INTEGER, ADDRESS, ADDRESS)
def load_i32(builder: Any, address: Any, index: Any) -> Any:
    """Element `index` of the int32 array at an address."""
    return builder.sext(load(builder, offset(builder, address, index, 4), I32), I64)


@instruction(ADDRESS, ADDRESS, ADDRESS)
def load_u32(builder: Any, address: Any, index: Any) -> Any:
    """Element `index` of the uint32 array at an address."""
    return builder.zext(load(builder, offset(builder, address, index, 4), I32), I64)


@instruction(INTEGER, ADDRESS, ADDRESS)
def load_i64(builder: Any, address: Any, index: Any) -> Any:
    """Element `index` of the int64 array at an address."""
    return load(builder, offset(builder, address, index, 8), I64, align=8)


@instruction(VOID, ADDRESS, ADDRESS, INTEGER)
def store_i32(builder: Any, address: Any, index: Any, value: Any) -> None:
    """Set element `index` of the int32 array at an address."""
    store(builder, builder.trunc(value, I32), offset(builder, address, index, 4))


@instruction(VOID, ADDRESS, ADDRESS, ADDRESS)
def store_u32(builder: Any, address: Any, index: Any, value: Any) -> None:
    """Set element `index` of the uint32 array at an address."""
    store(builder, builder.trunc(value, I32), offset(builder, address, index, 4))


@instruction(VOID, ADDRESS, ADDRESS, ADDRESS)
def store_u64(builder: Any, address: Any, index: Any, value: Any) -> None:
    """Set element `index` of the uint64 array at an address, which need not be aligned."""
    store(builder, value, offset(builder, address, index, 8), align=1)


@instruction(VOID, ADDRESS, ADDRESS)
def store_u8(builder: Any, address: Any, value: Any) -> None:
    """Set the byte at an address to the lowest byte of a value."""
    store(builder, builder.trunc(value, I8), address, align=1)


@instruction(VOID, ADDRESS, ADDRESS)
def copy_8(builder: Any, source: Any, target: Any) -> None:
    """Copy eight bytes from one address to another."""
    store(builder, load(builder, source, I64, align=1), target, align=1)


@instruction(ADDRESS, ADDRESS)
def reverse_u32(builder: Any, value: Any) -> Any:
    """The lower 32 bits of a value in the opposite order."""
    return builder.zext(builder.bitreverse(builder.trunc(value, I32)), I64)


@instruction(VOID, ADDRESS)
def prefetch(builder: Any, address: Any) -> None:
    """Ask for the cache line at an address before it is needed. Any address will do: none of them faults."""
    pointer = I8.as_pointer()
    signature = ir.FunctionType(ir.VoidType(), [pointer, I32, I32, I32])
    fetch = builder.module.declare_intrinsic("llvm.prefetch", [pointer], signature)
    reading, into_every_cache, data = I32(0), I32(3), I32(1)
    builder.call(fetch, [builder.inttoptr(address, pointer), reading, into_every_cache, data])


@instruction(ADDRESS, ADDRESS)
def leading_zeros(builder: Any, value: Any) -> Any:
    """How many of the highest bits of a value, which is not 0, are 0."""
    return builder.ctlz(value, ir.IntType(1)(1))


@instruction(VOID, ADDRESS, ADDRESS)
def copy_64(builder: Any, source: Any, target: Any) -> None:
    """Copy 64 bytes, which must not overlap, from one address to another."""
    store(builder, load(builder, source, vector(I64, 8), align=1), target, align=1)


@instruction(types.boolean, ADDRESS)
def has_ff(builder: Any, address: Any) -> Any:
    """Whether one of the eight bytes at an address is 0xFF."""
    bytes_ = load(builder, address, vector(I8, 8), align=1)
    found = builder.icmp_signed("==", bytes_, constant(-1, vector(I8, 8)))
    return builder.icmp_signed("!=", builder.bitcast(found, I8), I8(0))


MARKER_BYTES = 32
"""So many places are looked at in one step for a marker."""


@instruction(types.boolean, ADDRESS)
def has_marker(builder: Any, address: Any) -> Any:
    """Whether 0xFF, and then another byte than the 0 that is stuffed behind it, begins at one of `MARKER_BYTES` places.

    A byte more is read.
    """
    kind = vector(I8, MARKER_BYTES)
    here = load(builder, address, kind, align=1)
    behind = load(builder, builder.add(address, I64(1)), kind, align=1)
    found = builder.and_(
        builder.icmp_signed("==", here, constant(-1, kind)), builder.icmp_signed("!=", behind, constant(0, kind))
    )
    return builder.icmp_signed("!=", builder.bitcast(found, ir.IntType(MARKER_BYTES)), ir.IntType(MARKER_BYTES)(0))
