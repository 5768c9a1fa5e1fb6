"""Instructions that numba has no words for, written in LLVM's: they compile to vector code on every CPU."""

from __future__ import annotations

# mypy: disable-error-code="no-untyped-call"
import sys
from collections.abc import Sequence
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import extending, types
from numba.core import cgutils

F32 = ir.FloatType()
I8, I32, I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
ROW32, ROW8, FLOATS = ir.VectorType(I32, 8), ir.VectorType(I8, 8), ir.VectorType(F32, 8)
BYTES = ir.VectorType(I8, 16)


def intrinsic(codegen: Any) -> Any:
    """numba's, whose own type says less."""
    return extending.intrinsic(codegen)


@intrinsic
def load_be64(typingctx: Any, address: Any) -> Any:
    """The eight bytes at an address, the first one highest, as uint64. The address need not be aligned."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], I64.as_pointer())
        loaded = builder.load(pointer)
        loaded.align = 1
        return builder.bswap(loaded) if sys.byteorder == "little" else loaded

    return types.uint64(types.uint64), codegen


def _access(kind: Any, result: Any, doc: str) -> Any:
    """An intrinsic that loads element `index` of an array of `kind` at an address."""

    def load(typingctx: Any, address: Any, index: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            pointer = builder.inttoptr(arguments[0], kind.as_pointer())
            value = builder.load(builder.gep(pointer, [arguments[1]]))
            return builder.zext(value, I64) if kind is I8 else builder.sext(value, I64) if kind is I32 else value

        return result(types.uint64, types.uint64), codegen

    load.__doc__ = doc
    return intrinsic(load)


load_u8 = _access(I8, types.int64, "Element `index` of the uint8 array at an address.")
load_i32 = _access(I32, types.int64, "Element `index` of the int32 array at an address.")
load_i64 = _access(I64, types.int64, "Element `index` of the int64 array at an address.")


@intrinsic
def store_i32(typingctx: Any, address: Any, index: Any, value: Any) -> Any:
    """Set element `index` of the int32 array at an address."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], I32.as_pointer())
        builder.store(builder.trunc(arguments[2], I32), builder.gep(pointer, [arguments[1]]))
        return context.get_dummy_value()

    return types.void(types.uint64, types.uint64, types.int64), codegen


@intrinsic
def floor(typingctx: Any, value: Any) -> Any:
    """The largest whole float32 that is not above a float32."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.call(builder.module.declare_intrinsic("llvm.floor", [F32]), arguments)

    return types.float32(types.float32), codegen


@intrinsic
def clamp(typingctx: Any, value: Any) -> Any:
    """A float32 brought into 0..255."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (value,) = arguments
        value = builder.select(builder.fcmp_ordered(">", value, F32(0)), value, F32(0))
        return builder.select(builder.fcmp_ordered("<", value, F32(255)), value, F32(255))

    return types.float32(types.float32), codegen


@intrinsic
def transpose(typingctx: Any, source: Any, source_stride: Any, target: Any, target_stride: Any) -> Any:
    """Transpose 8 x 8 float32; both are addresses, the strides in bytes."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, source_stride, target, target_stride = arguments
        rows = [_load(builder, builder.add(source, builder.mul(source_stride, I64(row))), FLOATS) for row in range(8)]
        for number, row in enumerate(_transpose(builder, rows)):
            place = builder.add(target, builder.mul(target_stride, I64(number)))
            builder.store(row, builder.inttoptr(place, FLOATS.as_pointer())).align = 4
        return context.get_dummy_value()

    return types.void(types.uint64, types.uint64, types.uint64, types.uint64), codegen


def _weighted_sum(kind: Any, doc: str) -> Any:
    """An intrinsic that adds up rows of vectors of `kind`, each times a weight of its own."""
    lanes = kind.count
    floats, splat = ir.VectorType(F32, lanes), ir.Constant(ir.VectorType(I32, lanes), [0] * lanes)

    def weighted_sum(typingctx: Any, rows: Any, step: Any, weights: Any, count: Any, out: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            rows, step, weights, count, out = arguments
            signature = ir.FunctionType(floats, [floats] * 3)
            multiply_add = cgutils.get_or_insert_function(builder.module, signature, f"llvm.fmuladd.v{lanes}f32")
            total = cgutils.alloca_once_value(builder, ir.Constant(floats, [0.0] * lanes))
            with cgutils.for_range(builder, count) as loop:
                row = _load(builder, builder.add(rows, builder.mul(step, loop.index)), kind)
                if kind.element is I8:
                    row = builder.uitofp(row, floats)
                weight = _load(builder, builder.add(weights, builder.mul(I64(4), loop.index)), F32)
                weight = builder.insert_element(ir.Constant(floats, ir.Undefined), weight, I32(0))
                weight = builder.shuffle_vector(weight, weight, splat)
                builder.store(builder.call(multiply_add, [row, weight, builder.load(total)]), total)
            builder.store(builder.load(total), builder.inttoptr(out, floats.as_pointer())).align = 4
            return context.get_dummy_value()

        return types.void(types.uint64, types.uint64, types.uint64, types.uint64, types.uint64), codegen

    weighted_sum.__doc__ = doc
    return intrinsic(weighted_sum)


weighted_floats = _weighted_sum(
    FLOATS,
    """Eight sums at once: out[lane] = sum of weights[k] * rows[k][lane], all float32.

    `rows`, `weights`, `out` are addresses; one row begins `step` bytes after the other; `count` rows are summed.
    """,
)
weighted_bytes = _weighted_sum(BYTES, "Sixteen such sums of rows that are uint8.")


@intrinsic
def clear_block(typingctx: Any, address: Any) -> Any:
    """Set the 64 int32 at an address to zero."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        for row in range(8):
            place = builder.inttoptr(builder.add(arguments[0], I64(32 * row)), ROW32.as_pointer())
            builder.store(ir.Constant(ROW32, [0] * 8), place).align = 4
        return context.get_dummy_value()

    return types.void(types.uint64), codegen


@intrinsic
def idct_block(typingctx: Any, coefficients: Any, out: Any, stride: Any) -> Any:
    """libjpeg's accurate integer IDCT (jidctint.c) of one block, all columns, then all rows at once.

    `coefficients`: address of 64 dequantised int32, rows of the block one after the other. `out`: address of
    the first of 8 x 8 uint8 samples, whose rows are `stride` bytes apart.
    """

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, target, stride = arguments
        rows = [_load(builder, builder.add(source, I64(32 * row)), ROW32) for row in range(8)]
        columns = _transpose(builder, _one_dimension(builder, rows, 11))
        samples = [_to_byte(builder, column) for column in _one_dimension(builder, columns, 18)]
        for number, row in enumerate(_transpose(builder, samples)):
            _store_row(builder, row, target, builder.mul(stride, I64(number)))
        return context.get_dummy_value()

    return types.void(types.uint64, types.uint64, types.uint64), codegen


@intrinsic
def fill_block(typingctx: Any, value: Any, out: Any, stride: Any) -> Any:
    """Set 8 x 8 samples to one value: the IDCT of a block that has nothing but its DC coefficient."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value, target, stride = arguments
        one = builder.insert_element(ir.Constant(ROW8, ir.Undefined), value, I32(0))
        row = builder.shuffle_vector(one, one, ir.Constant(ROW32, [0] * 8))
        for number in range(8):
            _store_row(builder, row, target, builder.mul(stride, I64(number)))
        return context.get_dummy_value()

    return types.void(types.uint8, types.uint64, types.uint64), codegen


def _load(builder: Any, address: Any, kind: Any) -> Any:
    loaded = builder.load(builder.inttoptr(address, kind.as_pointer()))
    loaded.align = 1 if kind is BYTES else 4
    return loaded


def _store_row(builder: Any, row: Any, address: Any, offset: Any) -> None:
    place = builder.inttoptr(builder.add(address, offset), ROW8.as_pointer())
    builder.store(row, place).align = 1


def _transpose(builder: Any, rows: Sequence[Any]) -> list[Any]:
    """Eight vectors of eight: three times, halves interleaved."""
    low, high = ([half + lane // 2 + 8 * (lane % 2) for lane in range(8)] for half in (0, 4))
    masks = [ir.Constant(ir.VectorType(I32, 8), mask) for mask in (low, high)]
    for _ in range(3):
        rows = [builder.shuffle_vector(rows[i], rows[i + 4], mask) for i in range(4) for mask in masks]
    return list(rows)


def _splat(value: int) -> Any:
    return ir.Constant(ROW32, [value] * 8)


def _one_dimension(builder: Any, inputs: Sequence[Any], shift: int) -> list[Any]:
    """The one-dimensional transform of jidctint.c on eight lanes; its constants are 13-bit fixed point."""
    add, sub = builder.add, builder.sub

    def times(value: Any, constant: int) -> Any:
        return builder.mul(value, _splat(constant))

    common = times(add(inputs[2], inputs[6]), 4433)
    even2, even3 = add(common, times(inputs[6], -15137)), add(common, times(inputs[2], 6270))
    even0, even1 = (builder.shl(op(inputs[0], inputs[4]), _splat(13)) for op in (add, sub))
    even = [add(even0, even3), add(even1, even2), sub(even1, even2), sub(even0, even3)]

    odd = [inputs[7], inputs[5], inputs[3], inputs[1]]
    z1, z2, z3, z4 = add(odd[0], odd[3]), add(odd[1], odd[2]), add(odd[0], odd[2]), add(odd[1], odd[3])
    z5 = times(add(z3, z4), 9633)
    odd = [times(value, constant) for value, constant in zip(odd, (2446, 16819, 25172, 12299), strict=True)]
    z1, z2 = times(z1, -7373), times(z2, -20995)
    z3, z4 = add(times(z3, -16069), z5), add(times(z4, -3196), z5)
    odd = [add(odd[0], add(z1, z3)), add(odd[1], add(z2, z4)), add(odd[2], add(z2, z3)), add(odd[3], add(z1, z4))]

    rounding, by = _splat(1 << (shift - 1)), _splat(shift)
    sums = [add(even[i], odd[3 - i]) for i in range(4)] + [sub(even[i], odd[3 - i]) for i in (3, 2, 1, 0)]
    return [builder.ashr(add(total, rounding), by) for total in sums]


def _to_byte(builder: Any, values: Any) -> Any:
    """Centred samples to 0..255, clamped."""
    values = builder.add(values, _splat(128))
    values = builder.select(builder.icmp_signed("<", values, _splat(0)), _splat(0), values)
    values = builder.select(builder.icmp_signed(">", values, _splat(255)), _splat(255), values)
    return builder.trunc(values, ROW8)
