"""One pickle from its first opcode to its last."""

from __future__ import annotations

import io
import struct
from collections.abc import Collection
from typing import IO, Any

from .machine import Machine, Storages
from .opcodes import OPCODES
from .plain import MAX_OBJECTS, Budget, UnsafePickle, check_tree, over_the_limit, too_deep
from .tensors import Storage

MAX_BYTES = 1 << 30


def loads(
    data: bytes | memoryview,
    *,
    records: Collection[str] = (),
    storages: Storages | None = None,
    most: int = MAX_OBJECTS,
) -> Any:
    """The plain data that a pickle holds, which may have `most` objects.

    Classes named in `records` ("CIFAR_Image", of any module, or "module.CIFAR_Image") come out as `PickledObject`s:
    their name and their attributes, with nothing of the class itself. `storages` has the bytes of PyTorch's tensors
    that lie outside of the pickle; without it these are refused.

    Raises:
        UnsafePickle: it names anything that is not plain data, exceeds a limit, or is no whole pickle.
    """
    value, _ = load_at(data, 0, records=records, storages=storages, most=most)
    return value.numbers() if type(value) is Storage else value


def load_at(
    data: bytes | memoryview,
    start: int,
    *,
    records: Collection[str] = (),
    storages: Storages | None = None,
    most: int = MAX_OBJECTS,
) -> tuple[Any, int]:
    """(value, where it ends) of the pickle that begins at `start`; otherwise as `loads`."""
    if len(data) > MAX_BYTES:
        raise UnsafePickle(over_the_limit(f"it has {len(data):,} bytes, more than {MAX_BYTES >> 20} MiB"))
    file = io.BytesIO(data)
    file.seek(start)
    budget = Budget(len(data), most)
    try:
        value = _run(file, Machine(budget, records, storages), budget)
    except UnsafePickle:
        raise
    except RecursionError:
        raise UnsafePickle(too_deep()) from None
    except (ValueError, TypeError, IndexError, KeyError, OverflowError, struct.error, AttributeError) as error:
        raise UnsafePickle(f"not a whole pickle: {str(error)[:200] or type(error).__name__}") from None
    if type(value) is not Storage:
        check_tree(value)
    return value, file.tell()


def _run(file: IO[bytes], machine: Machine, budget: Budget) -> Any:
    while True:
        code = file.read(1)
        if code not in OPCODES:
            raise UnsafePickle("not a whole pickle: it ends early" if not code else f"no opcode {code!r}")
        if code == b".":
            return machine.pop()
        budget.objects(1)
        read, act = OPCODES[code]
        act(machine, read(file) if read else None)
