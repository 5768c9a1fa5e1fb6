"""The globals that plain data needs, each answered by a function of ours that makes plain data and nothing else."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from . import tensors
from .plain import Budget, PickledObject, UnsafePickle, add_key

MAX_DIMENSIONS = 32


@dataclass(frozen=True, slots=True)
class Global:
    """What stands on the stack for a global: its name, never the thing itself."""

    name: str
    is_record: bool = False


class InMaking:
    """Something between the opcode that makes it and the one that gives it its state; the memo may know it by then."""

    def __init__(self) -> None:
        self.memo_keys: list[int] = []

    def finish(self, state: Any, budget: Budget) -> Any:
        """What it is with its state. Raises UnsafePickle for a state that it cannot have."""
        raise NotImplementedError


class DtypeInMaking(InMaking):
    """A dtype whose byte order is not known yet: the second item of its state."""

    def __init__(self, value: np.dtype[Any]) -> None:
        super().__init__()
        self.value = value

    def finish(self, state: Any, _: Budget) -> np.dtype[Any]:
        order = _text(state[1])
        if type(state) is not tuple or order not in ("<", ">", "=", "|"):
            raise UnsafePickle("not a whole pickle: the state of a dtype is malformed")
        return self.value if order in "=|" else self.value.newbyteorder(order)  # type: ignore[arg-type]


class ArrayInMaking(InMaking):
    """An array whose state, (version, shape, dtype, whether in Fortran's order, bytes), is to follow. One of objects,
    whose state ends with a list of them, becomes lists, or its only item where it has no axis."""

    def finish(self, state: Any, budget: Budget) -> Any:
        _, shape, dtype, fortran, raw = state
        if _dtype_of(dtype).hasobject:
            return _objects(raw, shape, bool(fortran), budget)
        return _array(raw, dtype, shape, "F" if fortran else "C", budget)


def update_record(record: PickledObject, state: Any) -> None:
    """Attributes of a foreign object, from its dict or from the pair (dict, slots)."""
    for part in state if type(state) is tuple else [state]:
        if part is None:
            continue
        if type(part) is list and part is state:
            record.state["state"] = part  # PIL's images have a list of what they are
            continue
        if type(part) is not dict:
            raise UnsafePickle(f"refused: a {record.class_name} whose state is no dict of attributes")
        record.state.update({_text(name): value for name, value in part.items()})


def _array(raw: Any, dtype: Any, shape: Any, order: Any, budget: Budget) -> npt.NDArray[Any]:
    kind = _dtype_of(dtype)
    _check_shape(shape)
    if type(raw) not in (bytes, bytearray) or len(raw) != math.prod(shape) * kind.itemsize:
        raise UnsafePickle(f"refused: an array of {kind} and shape {shape} whose bytes are not as many")
    budget.copied(len(raw))
    array = np.frombuffer(bytes(raw), dtype=kind) if raw else np.zeros(math.prod(shape), dtype=kind)
    return array.reshape(shape, order="F" if _text(order) == "F" else "C")


def _objects(items: Any, shape: Any, fortran: bool, budget: Budget) -> Any:
    """What an array of objects holds, nested as it has axes."""
    _check_shape(shape)
    if type(items) is not list or len(items) != math.prod(shape):
        raise UnsafePickle(f"refused: an array of objects and shape {shape} whose objects are not as many")
    if not shape:
        return items[0]
    if fortran and len(shape) > 1:
        raise UnsafePickle("refused: an array of objects in Fortran's order")
    for length in reversed(shape[1:]):
        budget.objects(len(items) // max(length, 1))
        items = [items[start : start + length] for start in range(0, len(items), length)] if length else []
    return items


def _check_shape(shape: Any) -> None:
    if type(shape) is not tuple or len(shape) > MAX_DIMENSIONS or any(type(n) is not int or n < 0 for n in shape):
        raise UnsafePickle("refused: an array whose shape is not one of whole numbers")


def _dtype_of(value: Any) -> np.dtype[Any]:
    if isinstance(value, DtypeInMaking):
        return value.value
    if isinstance(value, np.dtype):
        return value
    raise UnsafePickle("refused: an array without a dtype")


def _reconstruct(arguments: tuple[Any, ...], _: Budget) -> ArrayInMaking:
    """`numpy.core.multiarray._reconstruct(ndarray, (0,), b'b')`."""
    if not arguments or arguments[0] != Global("numpy.ndarray"):
        raise UnsafePickle("refused: an array of a class other than numpy.ndarray")
    return ArrayInMaking()


def _from_buffer(arguments: tuple[Any, ...], budget: Budget) -> npt.NDArray[Any]:
    """`numpy.core.numeric._frombuffer(bytes, dtype, shape, order)`, of protocol 5."""
    raw, dtype, shape, order = arguments
    return _array(raw, dtype, shape, order, budget)


def _dtype(arguments: tuple[Any, ...], _: Budget) -> DtypeInMaking:
    """`numpy.dtype('u1', ...)`, of numbers, booleans and strings, and of objects, which are plain data themselves."""
    code = _text(arguments[0])
    if code in ("O", "O4", "O8"):
        return DtypeInMaking(np.dtype("O"))
    if not re.fullmatch(r"b1|[iu][1248]|f(2|4|8|16)|c(8|16|32)|[SU][1-9]\d{0,6}", code):
        raise UnsafePickle(f"refused: an array of dtype {code[:40]!r}, which is not numbers, booleans or strings")
    return DtypeInMaking(np.dtype(code))


def _scalar(arguments: tuple[Any, ...], budget: Budget) -> Any:
    """`numpy.core.multiarray.scalar(dtype, bytes)`."""
    dtype, raw = arguments
    return _array(raw, dtype, (1,), "C", budget)[0]


def _encode(arguments: tuple[Any, ...], budget: Budget) -> bytes:
    """`_codecs.encode(text, 'latin1')`: how protocols 0 to 2 of Python 3 write bytes."""
    text, encoding = arguments
    if type(text) is not str or encoding not in ("latin1", "latin-1"):
        raise UnsafePickle(f"refused: _codecs.encode to {encoding!r}")
    budget.copied(len(text))
    return text.encode("latin-1")


def _bytes(arguments: tuple[Any, ...], budget: Budget) -> bytes:
    if not arguments:
        return b""
    if len(arguments) == 2:
        return _encode(arguments, budget)
    (content,) = arguments
    if type(content) is not bytes and type(content) is not bytearray:
        raise UnsafePickle("refused: bytes made of something else than bytes")
    budget.copied(len(content))
    return bytes(content)


def _bytearray(arguments: tuple[Any, ...], budget: Budget) -> bytearray:
    return bytearray(_bytes(arguments, budget))


def _complex(arguments: tuple[Any, ...], _: Budget) -> complex:
    real, imaginary = arguments
    if type(real) is not float or type(imaginary) is not float:
        raise UnsafePickle("refused: a complex number of something else than two floats")
    return complex(real, imaginary)


def _set(arguments: tuple[Any, ...], budget: Budget) -> set[Any]:
    made: set[Any] = set()
    for item in _items(arguments, budget):
        add_key(made, item, None, budget)
    return made


def _frozenset(arguments: tuple[Any, ...], budget: Budget) -> frozenset[Any]:
    return frozenset(_set(arguments, budget))


def _ordered_dict(arguments: tuple[Any, ...], budget: Budget) -> dict[Any, Any]:
    made: dict[Any, Any] = {}
    for pair in _items(arguments, budget):
        if type(pair) not in (list, tuple):
            raise UnsafePickle("refused: an OrderedDict of something else than pairs")
        key, value = pair
        add_key(made, key, value, budget)
    return made


def _items(arguments: tuple[Any, ...], budget: Budget) -> list[Any] | tuple[Any, ...]:
    """The one list (or tuple) that a collection is made of, or none."""
    if not arguments:
        return ()
    (items,) = arguments
    if type(items) not in (list, tuple):
        raise UnsafePickle("refused: a collection made of something else than a list")
    budget.objects(len(items))
    return items  # type: ignore[no-any-return]


def _reconstructor(arguments: tuple[Any, ...], _: Budget) -> PickledObject:
    """`copyreg._reconstructor(class, object, None)`: how protocols 0 and 1 make an object; for records only."""
    made_of, base, state = arguments
    if type(made_of) is not Global or not made_of.is_record or base not in _OBJECT or state is not None:
        raise UnsafePickle("refused: an object of a class that is not plain data")
    return PickledObject(made_of.name.rpartition(".")[2])


def _storage(arguments: tuple[Any, ...], _: Budget) -> tensors.Storage:
    """`torch.storage._load_from_bytes(bytes)`: a stream of pickles inside of this one."""
    from .torch_stream import storage_of

    (data,) = arguments
    return storage_of(data)


def _not_callable(_: tuple[Any, ...], __: Budget) -> Any:
    raise UnsafePickle("refused: a call that plain data does not make")


def _text(value: Any) -> str:
    """A string of Python 2 or 3."""
    if type(value) is bytes:
        return value.decode("latin-1")
    if type(value) is not str:
        raise UnsafePickle(f"not a whole pickle: {type(value).__name__} where text belongs")
    return value


_OBJECT = (Global("builtins.object"), Global("__builtin__.object"))

Maker = Callable[[tuple[Any, ...], Budget], Any]

_BUILTINS: Mapping[str, Maker] = {
    "bytes": _bytes,
    "bytearray": _bytearray,
    "complex": _complex,
    "set": _set,
    "frozenset": _frozenset,
    "object": _not_callable,
}

GLOBALS: Mapping[str, Maker] = {
    **{f"{module}.{name}": make for module in ("builtins", "__builtin__") for name, make in _BUILTINS.items()},
    "_codecs.encode": _encode,
    "collections.OrderedDict": _ordered_dict,
    "copyreg._reconstructor": _reconstructor,
    "copy_reg._reconstructor": _reconstructor,
    "torch._utils._rebuild_tensor": tensors.rebuilt,
    "torch._utils._rebuild_tensor_v2": tensors.rebuilt,
    "torch._utils._rebuild_tensor_v3": tensors.rebuilt_with_dtype,
    "torch._utils._rebuild_parameter": tensors.parameter,
    "torch.Size": tensors.size,
    "torch.storage._load_from_bytes": _storage,
    **{f"torch.{kind}Storage": _not_callable for kind in tensors.DTYPES},
    "torch.storage.UntypedStorage": _not_callable,
    **{f"torch.{name}": _not_callable for name in tensors.NAMED},
    "numpy.ndarray": _not_callable,
    "numpy.dtype": _dtype,
    **{
        f"numpy.{core}.{name}": make
        for core in ("core", "_core")
        for name, make in {
            "multiarray._reconstruct": _reconstruct,
            "multiarray.scalar": _scalar,
            "numeric._frombuffer": _from_buffer,
        }.items()
    },
}
"""Full name -> what makes the plain data that a call of it stands for."""
