"""The reader process: `python -m core.inspect.reader` opens one file and answers what is asked of it (`requests`).

It talks through its standard input and output (see `wire`), is held to limits of memory, time and files (see `limits`),
and writes nothing. A file that kills it costs the caller a message.
"""

from __future__ import annotations

import contextlib
import sys
from typing import BinaryIO, cast

from ..base.errors import InputError
from . import limits, wire
from .kinds import KINDS
from .opened_file import OpenedFile
from .reader_request import Answer
from .requests import REQUESTS


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until there are no more. The first one opens the file."""
    opened: OpenedFile | None = None
    while (message := wire.receive(requests)) is not None:
        request, _ = message
        try:
            name = str(request.pop("request"))
            if name == "open":
                opened = OpenedFile(**request)
                answer: Answer = ({"walked": opened.walked}, [])
            else:
                answer = REQUESTS[name].from_json(request).answer(cast("OpenedFile", opened))
        except MemoryError:
            answer = _over_the_limit(limits.TOO_MUCH_MEMORY)
        except ImportError:
            raise  # our own fault or the installation's, never the file's
        except Exception as error:  # noqa: BLE001 - a hostile file can bring any library to raise anything
            answer = ({"error": limits.sentence(error), "input": isinstance(error, InputError)}, [])
        try:
            wire.send(answers, *answer)
        except wire.TooLarge as error:
            wire.send(answers, *_over_the_limit(str(error)))
        except MemoryError:
            wire.send(answers, *_over_the_limit(limits.TOO_MUCH_MEMORY))


def _over_the_limit(reason: str) -> Answer:
    """The answer that says that a limit of ours was reached, which is no fault of the file."""
    return {"error": reason, "limit": True}, []


def _import_all() -> None:
    """Import what reads each kind of file, while there is none yet. What is missing here is named once it is needed."""
    for kind in KINDS:
        with contextlib.suppress(ImportError, InputError):
            KINDS.load(kind)


def main() -> None:
    """Set the limits, then serve. Whatever a library prints goes to standard error, never among the answers."""
    limits.apply()
    answers = wire.claim_stdout()
    if "--ahead" in sys.argv[1:]:
        _import_all()
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
