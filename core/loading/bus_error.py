"""A handler of bus errors, which the system sends where a page of a mapped file is no more.

In stretches of memory that are entered here it puts a page of zeros in place of the missing one and counts the fault;
the load goes on, and whoever entered the stretch looks at the count. It runs in the middle of a load instruction, where
no Python can, so it is compiled; it calls nothing but `mmap` and `sigaction`. Bus errors elsewhere go to whoever
handled them before. Linux on 64 bits only, and where llvmlite is (numba needs it).
"""

from __future__ import annotations

# llvmlite has no types.
# mypy: disable-error-code="no-untyped-call"
import ctypes
import importlib.util
import mmap
import signal
import sys
import threading
from typing import Any

import numpy as np

SLOTS = 256
"""Stretches that can be watched at a time."""

START, END, FAULTS = range(3)

_table = np.zeros((SLOTS, 3), np.int64)
"""A stretch a row; the handler reads it at its place in memory."""

_lock = threading.Lock()


def enter(start: int, size: int) -> int | None:
    """The slot in which this stretch of memory is watched; None where there is no handler or no slot left."""
    if not install():
        return None
    with _lock:
        free = np.flatnonzero(_table[:, END] == 0)
        if not len(free):
            return None
        slot = int(free[0])
        _table[slot, START], _table[slot, FAULTS] = start, 0
        _table[slot, END] = start + size
        return slot


def leave(slot: int) -> None:
    """The stretch is no longer watched. To be called before its memory is given back."""
    _table[slot, END] = 0


def faults(slot: int) -> int:
    """How many pages of this stretch were missing when they were read."""
    return int(_table[slot, FAULTS])


class _Action(ctypes.Structure):
    """`struct sigaction` of Linux's C libraries on 64-bit machines."""

    _fields_ = (
        ("handler", ctypes.c_void_p),
        ("mask", ctypes.c_uint64 * 16),
        ("flags", ctypes.c_int),
        ("restorer", ctypes.c_void_p),
    )


SA_SIGINFO, SA_ONSTACK = 4, 0x08000000
MAP_FIXED = 0x10
ADDRESS_AT = 16
"""Where the faulting address stands in Linux's `siginfo_t`."""

_before = _Action()
"""What was to be done before us."""

_code: list[Any] = []
"""The compiled handler's engine, which owns its memory, and its address."""


def install() -> bool:
    """Handle bus errors in this process, if it is not done already. False where that cannot be."""
    if sys.platform != "linux" or sys.maxsize < 2**32 or importlib.util.find_spec("llvmlite") is None:
        return False
    libc = ctypes.CDLL(None)
    with _lock:
        if not _code:
            _code[:] = _compiled(_address(libc.mmap), _address(libc.sigaction))
        found = _Action()
        if libc.sigaction(signal.SIGBUS, None, ctypes.byref(found)) != 0:
            return False
        if found.handler == _code[1]:
            return True
        ctypes.memmove(ctypes.byref(_before), ctypes.byref(found), ctypes.sizeof(_Action))
        ours = _Action(handler=_code[1], flags=SA_SIGINFO | SA_ONSTACK)
        return bool(libc.sigaction(signal.SIGBUS, ctypes.byref(ours), None) == 0)


def _address(function: Any) -> int:
    return int(ctypes.cast(function, ctypes.c_void_p).value or 0)


def _compiled(map_memory: int, set_action: int) -> tuple[Any, int]:
    """The handler, compiled for this process: the engine that holds its code, and its address."""
    from llvmlite import binding  # type: ignore[import-untyped]

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    target = binding.Target.from_default_triple().create_target_machine(jit=True)
    engine = binding.create_mcjit_compiler(binding.parse_assembly(_Handler(map_memory, set_action).text()), target)
    engine.finalize_object()
    return engine, int(engine.get_function_address("on_bus_error"))


class _Handler:
    """on_bus_error(signal, info, context) in LLVM's language, block by block.

    It counts the fault in every stretch that it lies in, and puts a page of zeros there; without such a stretch it
    restores what was before, for which the fault happens again.
    """

    def __init__(self, map_memory: int, set_action: int) -> None:
        """The addresses of `mmap` and `sigaction`."""
        from llvmlite import ir

        self._ir = ir
        self._map_memory, self._set_action = map_memory, set_action
        self._number, self._word = ir.IntType(32), ir.IntType(64)
        self._module = ir.Module("bus_error")
        kind = ir.FunctionType(ir.VoidType(), [self._number, self._word, self._word])
        self._function = ir.Function(self._module, kind, "on_bus_error")
        names = ("begin", "look", "count", "following", "ended", "replace", "give_up", "done")
        self._blocks = {name: self._function.append_basic_block(name) for name in names}
        self._build = ir.IRBuilder(self._blocks["begin"])

    def text(self) -> str:
        self._fault = self._build.load(self._field(self._function.args[1], ADDRESS_AT))
        self._build.branch(self._blocks["look"])
        any_found = self._look_in_each_slot()
        self._build.position_at_end(self._blocks["ended"])
        watched = self._build.icmp_unsigned("!=", any_found, self._word(0))
        self._build.cbranch(watched, self._blocks["replace"], self._blocks["give_up"])
        self._replace_page()
        self._build.position_at_end(self._blocks["give_up"])
        before = self._word(ctypes.addressof(_before))
        self._call(self._set_action, self._number, self._function.args[0], before, self._word(0))
        self._build.branch(self._blocks["done"])
        self._build.position_at_end(self._blocks["done"])
        self._build.ret_void()
        return str(self._module)

    def _look_in_each_slot(self) -> Any:
        """The loop over the table, which counts the fault where it lies inside; whether any slot had it."""
        build, word, blocks = self._build, self._word, self._blocks
        build.position_at_end(blocks["look"])
        slot, found = build.phi(word), build.phi(word)
        inside = build.and_(
            build.icmp_unsigned(">=", self._fault, build.load(self._field(slot, 8 * START))),
            build.icmp_unsigned("<", self._fault, build.load(self._field(slot, 8 * END))),
        )
        build.cbranch(inside, blocks["count"], blocks["following"])

        build.position_at_end(blocks["count"])
        build.atomic_rmw("add", self._field(slot, 8 * FAULTS), word(1), "monotonic")
        build.branch(blocks["following"])

        build.position_at_end(blocks["following"])
        any_found = build.phi(word)
        any_found.add_incoming(found, blocks["look"])
        any_found.add_incoming(word(1), blocks["count"])
        next_slot = build.add(slot, word(24))
        more = build.icmp_unsigned("<", next_slot, word(_table.ctypes.data + _table.nbytes))
        build.cbranch(more, blocks["look"], blocks["ended"])
        for phi, first, later in ((slot, word(_table.ctypes.data), next_slot), (found, word(0), any_found)):
            phi.add_incoming(first, blocks["begin"])
            phi.add_incoming(later, blocks["following"])
        return any_found

    def _replace_page(self) -> None:
        """Put zeros in place of the page in which the fault lies."""
        build, word, number = self._build, self._word, self._number
        build.position_at_end(self._blocks["replace"])
        page = mmap.PAGESIZE
        place = build.and_(self._fault, word(-page))
        protection = number(mmap.PROT_READ)
        flags = number(mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_FIXED)
        made = self._call(self._map_memory, word, place, word(page), protection, flags, number(-1), word(0))
        build.cbranch(build.icmp_unsigned("==", made, place), self._blocks["done"], self._blocks["give_up"])

    def _field(self, at: Any, offset: int) -> Any:
        """The address of the word that stands `offset` bytes behind `at`."""
        return self._build.inttoptr(self._build.add(at, self._word(offset)), self._word.as_pointer())

    def _call(self, address: int, returns: Any, *arguments: Any) -> Any:
        kind = self._ir.FunctionType(returns, [argument.type for argument in arguments])
        return self._build.call(self._build.inttoptr(self._word(address), kind.as_pointer()), arguments)
