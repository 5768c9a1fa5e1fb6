"""A process that makes batches for another one: `python -m core.loading.worker`, never called by people."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from typing import IO, Any

import numpy as np

from .normalise import Images
from .processes import Start


def main() -> None:
    """Make the batches that standard input asks for until it ends; answer each with the stages' times or an error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's; it closes our input
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints must not look like an answer
    questions = sys.stdin.buffer
    start: Start = pickle.load(questions)  # noqa: S301 - from our own parent, through its pipe
    memory = np.memmap(start.memory, start.dtype, "r+", shape=start.shape)
    _answer(answers, None)
    _serve(start, memory, questions, answers)


def _serve(start: Start, memory: Images, questions: IO[bytes], answers: IO[bytes]) -> None:
    while True:
        try:
            spec = pickle.load(questions)  # noqa: S301 - see above
        except EOFError:
            return
        try:
            _answer(answers, start.pipeline.fill(spec, memory[: len(spec.indices)]))
        except Exception as error:  # noqa: BLE001 - it is raised again where the batch is asked for
            _answer(answers, error)


def _answer(answers: IO[bytes], answer: Any) -> None:
    pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)
    answers.flush()


if __name__ == "__main__":
    main()
