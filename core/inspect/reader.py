"""The reader process: `python -m core.inspect.reader` opens one file and answers what is asked of it (`requests`).

It talks through its standard input and output (see `wire`), is held to limits of memory, time and files (see `limits`),
and writes nothing. A file that kills it costs the caller a message.
"""

from __future__ import annotations

import contextlib
import sys
from typing import Any, BinaryIO, cast

from ..base.errors import InputError
from ..processes.freed_memory import keep_freed_memory
from . import limits, wire
from .kinds import KINDS
from .opened_file import OpenedFile
from .reader_request import Answer
from .requests import REQUESTS


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until there are no more. The first one opens the file."""
    opened: OpenedFile | None = None
    linked = False
    while (message := wire.receive(requests)) is not None:
        request, _ = message
        try:
            name = str(request.pop("request"))
            if name == "open":
                linked = _use_objects(request.pop("remote", None), requests, answers)
                opened = OpenedFile(**request)
                answer: Answer = ({"walked": opened.walked}, [])
            else:
                fields, blobs = REQUESTS[name].from_json(request).answer(cast("OpenedFile", opened))
                answer = fields, [memoryview(blob).tobytes() for blob in blobs] if linked else blobs
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


def _use_objects(remote: dict[str, Any] | None, requests: BinaryIO, answers: BinaryIO) -> bool:
    """Whether the file lies at an address: then its bytes are asked for through these. A payload may be a view of a map
    that the system cannot read from (`remote.memory`), so answers are copied."""
    if remote is None:
        return False
    from .remote.link import LinkedAccess
    from .remote.location import use

    known = {name: (int(size), str(version)) for name, (size, version) in remote["objects"].items()}
    use(LinkedAccess(requests.fileno(), answers.fileno(), known, remote["folders"]))
    return True


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
    keep_freed_memory()
    answers = wire.claim_stdout()
    if "--ahead" in sys.argv[1:]:
        _import_all()
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
