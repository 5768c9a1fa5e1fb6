"""The interpreter: a stack, marks and a memo, moved by opcodes as Python's own unpickler moves them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from .depth import Depths
from .known import GLOBALS, Global, InMaking, update_record
from .plain import MAX_DEPTH, Budget, PickledObject, UnsafePickle, add_key, over_the_limit, too_deep
from .tensors import Storage, code_of_class

MAX_INTEGER_BITS = 1024
MAX_MARKS = 2 * MAX_DEPTH
"""Marks that are open at once: each belongs to a container that is not finished."""

CONTAINER = 3
"""Objects that a container counts for beside its own opcode."""

MAX_MEMO_KEY = 1 << 32
"""Those who write pickles count their memo from 0; larger numbers can be made to hash alike."""

Storages = Callable[[str, str], "bytes | None"]
"""(key, code of its numbers) of a tensor's storage that lies outside of the pickle -> its bytes, None where they are
not known yet."""


class Machine:
    """The stack, the marks and the memo of one pickle."""

    def __init__(self, budget: Budget, records: Collection[str], storages: Storages | None = None) -> None:
        self._records = records
        self._storages = storages
        self._budget = budget
        self._depths = Depths()
        self._stack: list[Any] = []
        self._marked: list[list[Any]] = []
        self._memo: dict[int, Any] = {}

    # ---- stack and memo

    def push(self, value: Any) -> None:
        self._stack.append(value)

    def push_fresh(self, made: Any) -> None:
        """Push a container that was made just now. To look through it later costs more than a leaf does."""
        self._budget.objects(CONTAINER)
        self._stack.append(self._depths.fresh(made))

    def pop(self) -> Any:
        return self._stack.pop()

    def push_integer(self, value: int) -> None:
        if value.bit_length() > MAX_INTEGER_BITS:
            raise UnsafePickle(over_the_limit(f"a whole number of {value.bit_length()} bits"))
        self.push(value)

    def mark(self, _: Any) -> None:
        if len(self._marked) >= MAX_MARKS:
            raise UnsafePickle(too_deep())
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
        if not 0 <= key < MAX_MEMO_KEY:
            raise UnsafePickle(over_the_limit("it numbers its values beyond 32 bits"))
        self._memo[key] = value
        if isinstance(value, InMaking):
            value.memo_keys.append(key)

    def get(self, key: int) -> None:
        self.push(self._memo[key])

    # ---- containers

    def append(self, _: Any) -> None:
        item = self.pop()
        self._extend(_exactly(list, self._stack[-1]), [item])

    def appends(self, _: Any) -> None:
        items = self.pop_mark()
        self._extend(_exactly(list, self._stack[-1]), items)

    def _extend(self, into: list[Any], items: list[Any]) -> None:
        self._depths.holds(into, items)
        into.extend(items)

    def list_from_mark(self, _: Any) -> None:
        items = self._depths.fresh(self.pop_mark())
        self._depths.holds(items, items)
        self.push(items)

    def set_item(self, _: Any) -> None:
        value, key = self.pop(), self.pop()
        self._fill(_exactly(dict, self._stack[-1]), [key, value])

    def set_items(self, _: Any) -> None:
        items = self.pop_mark()
        self._fill(_exactly(dict, self._stack[-1]), items)

    def dict_from_mark(self, _: Any) -> None:
        items = self.pop_mark()
        self.push_fresh({})
        self._fill(self._stack[-1], items)

    def _fill(self, into: dict[Any, Any], items: list[Any]) -> None:
        self._depths.holds(into, items[1::2])
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
        self._push_tuple(items)

    def tuple_from_mark(self, _: Any) -> None:
        self._push_tuple(tuple(self.pop_mark()))

    def _push_tuple(self, items: tuple[Any, ...]) -> None:
        self._depths.holds(self._depths.fresh(items), items)
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
            return self._depths.fresh(PickledObject(made_of.name.rpartition(".")[2]))
        return self._depths.fresh(GLOBALS[made_of.name](arguments, self._budget))

    def persistent(self, _: Any) -> None:
        """The storage of a tensor, which lies outside of the pickle: ("storage", its class, its key, where it was,
        how many numbers it has), and in old files None for a view."""
        pid = self.pop()
        if self._storages is None or type(pid) is not tuple or len(pid) < 5 or pid[0] not in ("storage", b"storage"):
            raise UnsafePickle(f"refused: a persistent id ({str(pid)[:80]}), which is not plain data")
        code = code_of_class(_exactly(Global, pid[1]).name)
        if code is None or (len(pid) > 5 and pid[5] is not None):
            raise UnsafePickle("refused: a storage of a kind that is not known here")
        key = pid[2].decode("latin-1") if type(pid[2]) is bytes else _exactly(str, pid[2])
        self.push(Storage(code, self._storages(key, code)))

    def build(self, _: Any) -> None:
        state, target = self.pop(), self._stack[-1]
        if isinstance(target, PickledObject):
            self._depths.holds(target, [state])
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
