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
    engine = binding.create_mcjit_compiler(binding.parse_assembly(_handler(map_memory, set_action)), target)
    engine.finalize_object()
    return engine, int(engine.get_function_address("on_bus_error"))


def _handler(map_memory: int, set_action: int) -> str:
    """on_bus_error(signal, info, context) in LLVM's language: count the fault in every stretch that it lies in, and put
    a page of zeros there; without such a stretch restore what was before, for which the fault happens again."""
    from llvmlite import ir

    number, word, page = ir.IntType(32), ir.IntType(64), mmap.PAGESIZE
    module = ir.Module("bus_error")
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [number, word, word]), "on_bus_error")
    begin, look, count, following, ended, replace, give_up, done = (
        function.append_basic_block(name)
        for name in ("begin", "look", "count", "following", "ended", "replace", "give_up", "done")
    )

    def field(at: Any, offset: int) -> Any:
        return build.inttoptr(build.add(at, word(offset)), word.as_pointer())

    def call(address: int, returns: Any, *arguments: Any) -> Any:
        kind = ir.FunctionType(returns, [argument.type for argument in arguments])
        return build.call(build.inttoptr(word(address), kind.as_pointer()), arguments)

    build = ir.IRBuilder(begin)
    fault = build.load(field(function.args[1], ADDRESS_AT))
    build.branch(look)

    build.position_at_end(look)
    slot, found = build.phi(word), build.phi(word)
    inside = build.and_(
        build.icmp_unsigned(">=", fault, build.load(field(slot, 8 * START))),
        build.icmp_unsigned("<", fault, build.load(field(slot, 8 * END))),
    )
    build.cbranch(inside, count, following)

    build.position_at_end(count)
    build.atomic_rmw("add", field(slot, 8 * FAULTS), word(1), "monotonic")
    build.branch(following)

    build.position_at_end(following)
    any_found = build.phi(word)
    any_found.add_incoming(found, look)
    any_found.add_incoming(word(1), count)
    next_slot = build.add(slot, word(24))
    build.cbranch(build.icmp_unsigned("<", next_slot, word(_table.ctypes.data + _table.nbytes)), look, ended)
    for phi, first, later in ((slot, word(_table.ctypes.data), next_slot), (found, word(0), any_found)):
        phi.add_incoming(first, begin)
        phi.add_incoming(later, following)

    build.position_at_end(ended)
    build.cbranch(build.icmp_unsigned("!=", any_found, word(0)), replace, give_up)

    build.position_at_end(replace)
    place = build.and_(fault, word(-page))
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_FIXED
    made = call(map_memory, word, place, word(page), number(mmap.PROT_READ), number(flags), number(-1), word(0))
    build.cbranch(build.icmp_unsigned("==", made, place), done, give_up)

    build.position_at_end(give_up)
    call(set_action, number, function.args[0], word(ctypes.addressof(_before)), word(0))
    build.branch(done)

    build.position_at_end(done)
    build.ret_void()
    return str(module)
