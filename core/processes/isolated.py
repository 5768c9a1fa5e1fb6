"""A generator run in a process of its own: what kills that process (a signal in a native library) costs a sentence."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from ..base.errors import FormatMattersError
from .module_process import cause_of_death
from .pool import start_worker

T = TypeVar("T")


class DiedError(FormatMattersError):
    """The process ended without a word; the text names its signal or exit status."""


def stream(function: Callable[..., Iterator[T]], *arguments: Any, patience: float | None = None) -> Iterator[T]:
    """What `function(*arguments)` yields, made in a process of its own. `function` must be importable.

    Raises what the function raises; DiedError where its process dies, or says nothing for `patience` seconds. Closing
    the iterator ends the process.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(sender, function, arguments), daemon=True)
    process.start()
    sender.close()
    try:
        while (message := _receive(receiver, patience)) is not None:
            kind, value = message
            if kind == "raise":
                raise value
            if kind == "end":
                return
            yield value
        process.join()
        raise DiedError(f"the reading process died of {cause_of_death(process.exitcode)}")
    finally:
        receiver.close()
        process.terminate()
        process.join(1.0)
        process.kill()  # a library that neither ends nor lets Python hear of the signal
        process.join()


def _receive(receiver: Connection, patience: float | None) -> tuple[str, Any] | None:
    try:
        if not receiver.poll(patience):
            raise DiedError(f"the reading process said nothing for {patience:g} s and was ended")
        message: tuple[str, Any] = receiver.recv()
        return message
    except EOFError:
        return None


def _run(sender: Connection, function: Callable[..., Iterator[Any]], arguments: tuple[Any, ...]) -> None:
    start_worker()
    try:
        for value in function(*arguments):
            sender.send(("value", value))
        sender.send(("end", None))
    except BrokenPipeError:
        return  # nobody listens any more
    except Exception as error:  # noqa: BLE001 - handed to the parent, which raises it
        sender.send(("raise", error))
