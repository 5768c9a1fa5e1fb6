"""The interpreter: a stack, marks and a memo, moved by opcodes as Python's own unpickler moves them."""

from __future__ import annotations

import io
import pickletools
import struct
from collections.abc import Callable, Collection, Mapping
from typing import IO, Any, NoReturn

from core.pickles.arguments import READERS
from core.pickles.known import GLOBALS, Global, InMaking, update_record
from core.pickles.plain import Budget, Record, UnsafePickle, add_key, check_tree

MAX_BYTES = 1 << 30
MAX_PROTOCOL = 5
MAX_INTEGER_BITS = 1024


def loads(data: bytes | memoryview, *, records: Collection[str] = ()) -> Any:
    """The plain data that a pickle holds.

    Classes named in `records` ("CIFAR_Image", of any module, or "module.CIFAR_Image") come out as `Record`s: their
    name and their attributes, with nothing of the class itself.

    Raises:
        UnsafePickle: it names anything that is not plain data, exceeds a bound, or is no whole pickle.
    """
    if len(data) > MAX_BYTES:
        raise UnsafePickle(f"a pickle of {len(data):,} bytes is larger than {MAX_BYTES >> 20} MiB")
    machine = _Machine(bytes(data), records)
    try:
        value = machine.run()
    except UnsafePickle:
        raise
    except (ValueError, TypeError, IndexError, KeyError, OverflowError, struct.error, AttributeError) as error:
        raise UnsafePickle(f"not a whole pickle: {str(error)[:200] or type(error).__name__}") from None
    check_tree(value)
    return value


class _Machine:
    """The stack, the marks and the memo of one pickle."""

    def __init__(self, data: bytes, records: Collection[str]) -> None:
        self._file = io.BytesIO(data)
        self._records = records
        self._budget = Budget(len(data))
        self._stack: list[Any] = []
        self._marked: list[list[Any]] = []
        self._memo: dict[int, Any] = {}

    def run(self) -> Any:
        while True:
            code = self._file.read(1)
            if code not in _OPCODES:
                raise UnsafePickle("not a whole pickle: it ends early" if not code else f"no opcode {code!r}")
            if code == b".":
                return self.pop()
            self._budget.objects(1)
            read, act = _OPCODES[code]
            act(self, read(self._file) if read else None)

    # ---- stack and memo

    def push(self, value: Any) -> None:
        self._stack.append(value)

    def pop(self) -> Any:
        return self._stack.pop()

    def push_integer(self, value: int) -> None:
        if value.bit_length() > MAX_INTEGER_BITS:
            raise UnsafePickle(f"refused: a whole number of {value.bit_length()} bits")
        self.push(value)

    def mark(self, _: Any) -> None:
        self._marked.append(self._stack)
        self._stack = []

    def pop_mark(self) -> list[Any]:
        items = self._stack
        self._stack = self._marked.pop()
        return items

    def drop_to_mark(self, _: Any) -> None:
        self.pop_mark()

    def pop_one(self, _: Any) -> None:
        if self._stack:
            self._stack.pop()
        else:
            self.pop_mark()

    def put(self, key: int | None) -> None:
        value = self._stack[-1]
        key = len(self._memo) if key is None else key
        self._memo[key] = value
        if isinstance(value, InMaking):
            value.memo_keys.append(key)

    def get(self, key: int) -> None:
        self.push(self._memo[key])

    # ---- containers

    def append(self, _: Any) -> None:
        item = self.pop()
        _exactly(list, self._stack[-1]).append(item)

    def appends(self, _: Any) -> None:
        items = self.pop_mark()
        _exactly(list, self._stack[-1]).extend(items)

    def set_item(self, _: Any) -> None:
        value, key = self.pop(), self.pop()
        add_key(_exactly(dict, self._stack[-1]), key, value, self._budget)

    def set_items(self, _: Any) -> None:
        items = self.pop_mark()
        self._fill(_exactly(dict, self._stack[-1]), items)

    def dict_from_mark(self, _: Any) -> None:
        items = self.pop_mark()
        self.push({})
        self._fill(self._stack[-1], items)

    def _fill(self, into: dict[Any, Any], items: list[Any]) -> None:
        for key, value in zip(items[::2], items[1::2], strict=True):
            add_key(into, key, value, self._budget)

    def add_items(self, _: Any) -> None:
        items = self.pop_mark()
        into = _exactly(set, self._stack[-1])
        for item in items:
            add_key(into, item, None, self._budget)

    def frozen_set(self, _: Any) -> None:
        fresh: set[Any] = set()
        for item in self.pop_mark():
            add_key(fresh, item, None, self._budget)
        self.push(frozenset(fresh))

    def tuple_of(self, count: int) -> None:
        items = tuple(self._stack[len(self._stack) - count :])
        if len(items) != count:
            raise UnsafePickle("not a whole pickle: its stack is empty")
        del self._stack[len(self._stack) - count :]
        self.push(items)

    # ---- globals, and what is made with them

    def named(self, module: str, name: str) -> Global:
        """What stands for a global here. Raises UnsafePickle at once for every one that plain data does not need."""
        full = f"{module}.{name}"
        if name in self._records or full in self._records:
            return Global(full, is_record=True)
        if full not in GLOBALS:
            raise UnsafePickle(f"refused: {full[:200]!r}, which is not plain data; nothing of it was executed")
        return Global(full)

    def push_global(self, names: tuple[str, str]) -> None:
        self.push(self.named(*names))

    def stack_global(self, _: Any) -> None:
        name, module = self.pop(), self.pop()
        self.push(self.named(_exactly(str, module), _exactly(str, name)))

    def instance(self, names: tuple[str, str]) -> None:
        made_of = self.named(*names)
        self.push(self._make(made_of, tuple(self.pop_mark())))

    def object_from_mark(self, _: Any) -> None:
        made_of, *arguments = self.pop_mark()
        self.push(self._make(made_of, tuple(arguments)))

    def reduce(self, _: Any) -> None:
        arguments = _exactly(tuple, self.pop())
        self.push(self._make(self.pop(), arguments))

    def new_object_with_keywords(self, _: Any) -> None:
        if _exactly(dict, self.pop()):
            raise UnsafePickle("refused: an object made with named arguments")
        self.reduce(_)

    def _make(self, made_of: Any, arguments: tuple[Any, ...]) -> Any:
        made_of = _exactly(Global, made_of)
        if made_of.is_record:
            return Record(made_of.name.rpartition(".")[2])
        return GLOBALS[made_of.name](arguments, self._budget)

    def build(self, _: Any) -> None:
        state, target = self.pop(), self._stack[-1]
        if isinstance(target, Record):
            update_record(target, state)
        elif isinstance(target, InMaking):
            self._stack[-1] = target.finish(state, self._budget)
            self._memo.update(dict.fromkeys(target.memo_keys, self._stack[-1]))
            target.memo_keys.clear()
        else:
            raise UnsafePickle(f"refused: a state given to a {type(target).__name__}")


def _exactly(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise UnsafePickle(f"not a whole pickle: {type(value).__name__} where {kind.__name__} belongs")
    return value


def _refuse(what: str) -> Callable[[_Machine, Any], NoReturn]:
    def refuse(_: _Machine, argument: Any) -> NoReturn:
        raise UnsafePickle(f"refused: {what} ({str(argument)[:80]}), which is not plain data")

    return refuse


def _check_protocol(_: _Machine, protocol: int) -> None:
    if protocol > MAX_PROTOCOL:
        raise UnsafePickle(f"a pickle of protocol {protocol}; known are 0 to {MAX_PROTOCOL}")


def _push_constant(value: Any) -> Callable[[_Machine, Any], None]:
    return lambda machine, _: machine.push(value)


_ACTIONS: Mapping[str, Callable[[_Machine, Any], None]] = {
    "PROTO": _check_protocol,
    "FRAME": lambda machine, _: None,
    "NONE": _push_constant(None),
    "NEWTRUE": _push_constant(True),
    "NEWFALSE": _push_constant(False),
    **dict.fromkeys(("INT", "LONG", "BININT", "BININT1", "BININT2", "LONG1", "LONG4"), _Machine.push_integer),
    **dict.fromkeys(("FLOAT", "BINFLOAT"), _Machine.push),
    **dict.fromkeys(("STRING", "BINSTRING", "SHORT_BINSTRING"), _Machine.push),
    **dict.fromkeys(("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"), _Machine.push),
    **dict.fromkeys(("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"), _Machine.push),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "EMPTY_SET": lambda machine, _: machine.push(set()),
    "EMPTY_TUPLE": _push_constant(()),
    "LIST": lambda machine, _: machine.push(machine.pop_mark()),
    "TUPLE": lambda machine, _: machine.push(tuple(machine.pop_mark())),
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    "DICT": _Machine.dict_from_mark,
    "FROZENSET": _Machine.frozen_set,
    "APPEND": _Machine.append,
    "APPENDS": _Machine.appends,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "ADDITEMS": _Machine.add_items,
    "MARK": _Machine.mark,
    "POP": _Machine.pop_one,
    "POP_MARK": _Machine.drop_to_mark,
    "DUP": lambda machine, _: machine.push(machine._stack[-1]),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"), _Machine.put),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Machine.get),
    "GLOBAL": _Machine.push_global,
    "STACK_GLOBAL": _Machine.stack_global,
    "INST": _Machine.instance,
    "OBJ": _Machine.object_from_mark,
    "REDUCE": _Machine.reduce,
    "NEWOBJ": _Machine.reduce,
    "NEWOBJ_EX": _Machine.new_object_with_keywords,
    "BUILD": _Machine.build,
    "STOP": lambda machine, _: None,
    **dict.fromkeys(("EXT1", "EXT2", "EXT4"), _refuse("an extension code")),
    **dict.fromkeys(("PERSID", "BINPERSID"), _refuse("a persistent id")),
    **dict.fromkeys(("NEXT_BUFFER", "READONLY_BUFFER"), _refuse("a buffer that lies outside of the pickle")),
}


_OPCODES: Mapping[bytes, tuple[Callable[[IO[bytes]], Any] | None, Callable[[_Machine, Any], None]]] = {
    opcode.code.encode("latin-1"): (
        READERS.get(opcode.name, opcode.arg.reader if opcode.arg else None),
        _ACTIONS[opcode.name],
    )
    for opcode in pickletools.opcodes
}
"""Opcode -> how its argument is read (if it has one), and what it does."""
