"""The opcodes of pickles: how the argument of each is read, and what it does to the machine."""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Mapping
from typing import IO, Any, NoReturn

from .arguments import READERS
from .machine import Machine
from .plain import UnsafePickle

MAX_PROTOCOL = 5


def _refuse(what: str) -> Callable[[Machine, Any], NoReturn]:
    def refuse(_: Machine, argument: Any) -> NoReturn:
        raise UnsafePickle(f"refused: {what} ({str(argument)[:80]}), which is not plain data")

    return refuse


def _check_protocol(_: Machine, protocol: int) -> None:
    if protocol > MAX_PROTOCOL:
        raise UnsafePickle(f"a pickle of protocol {protocol}; known are 0 to {MAX_PROTOCOL}")


def _push_constant(value: Any) -> Callable[[Machine, Any], None]:
    return lambda machine, _: machine.push(value)


_ACTIONS: Mapping[str, Callable[[Machine, Any], None]] = {
    "PROTO": _check_protocol,
    "FRAME": lambda machine, _: None,
    "NONE": _push_constant(None),
    "NEWTRUE": _push_constant(True),
    "NEWFALSE": _push_constant(False),
    **dict.fromkeys(("INT", "LONG", "BININT", "BININT1", "BININT2", "LONG1", "LONG4"), Machine.push_integer),
    **dict.fromkeys(("FLOAT", "BINFLOAT"), Machine.push),
    **dict.fromkeys(("STRING", "BINSTRING", "SHORT_BINSTRING"), Machine.push),
    **dict.fromkeys(("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"), Machine.push),
    **dict.fromkeys(("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"), Machine.push),
    "EMPTY_LIST": lambda machine, _: machine.push_fresh([]),
    "EMPTY_DICT": lambda machine, _: machine.push_fresh({}),
    "EMPTY_SET": lambda machine, _: machine.push_fresh(set()),
    "EMPTY_TUPLE": _push_constant(()),
    "LIST": Machine.list_from_mark,
    "TUPLE": Machine.tuple_from_mark,
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    "DICT": Machine.dict_from_mark,
    "FROZENSET": Machine.frozen_set,
    "APPEND": Machine.append,
    "APPENDS": Machine.appends,
    "SETITEM": Machine.set_item,
    "SETITEMS": Machine.set_items,
    "ADDITEMS": Machine.add_items,
    "MARK": Machine.mark,
    "POP": Machine.pop_one,
    "POP_MARK": Machine.drop_to_mark,
    "DUP": lambda machine, _: machine.push(machine._stack[-1]),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"), Machine.put),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), Machine.get),
    "GLOBAL": Machine.push_global,
    "STACK_GLOBAL": Machine.stack_global,
    "INST": Machine.instance,
    "OBJ": Machine.object_from_mark,
    "REDUCE": Machine.reduce,
    "NEWOBJ": Machine.reduce,
    "NEWOBJ_EX": Machine.new_object_with_keywords,
    "BUILD": Machine.build,
    "STOP": lambda machine, _: None,
    **dict.fromkeys(("EXT1", "EXT2", "EXT4"), _refuse("an extension code")),
    "PERSID": _refuse("a persistent id"),
    "BINPERSID": Machine.persistent,
    **dict.fromkeys(("NEXT_BUFFER", "READONLY_BUFFER"), _refuse("a buffer that lies outside of the pickle")),
}


OPCODES: Mapping[bytes, tuple[Callable[[IO[bytes]], Any] | None, Callable[[Machine, Any], None]]] = {
    opcode.code.encode("latin-1"): (
        READERS.get(opcode.name, opcode.arg.reader if opcode.arg else None),
        _ACTIONS[opcode.name],
    )
    for opcode in pickletools.opcodes
}
"""Opcode -> how its argument is read (if it has one), and what it does."""
