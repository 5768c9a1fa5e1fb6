"""`python -m core VERB ... [--json] [--home DIR] [--config FILE]`.

Exit status: 0 done; 2 bad input or usage, 1 failed (each with one line on standard error); 130 interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from . import __version__
from .base.errors import InputError, WorkError, disk_error_text
from .base.extras import needed_by
from .base.gc_pause import end_without_collecting
from .base.package import COMMAND
from .base.printable import printable
from .base.settings import use_settings
from .cli.completion import ASKED, complete
from .cli.verb import shared_arguments
from .cli.verbs import VERBS
from .processes.freed_memory import keep_freed_memory

DESCRIPTION = (
    f"{COMMAND} VERB ... [--json] [--home DIR]. Exit status: 0 done; 2 bad input or usage, 1 failed "
    "(each with one line on standard error); 130 interrupted."
)

DONE, FAILED, BAD_INPUT, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143


class _Parser(ArgumentParser):
    """Says what is wrong in one line, as everything here does."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message} (see {self.prog} --help)")


def parse(arguments: Sequence[str]) -> Namespace:
    """Raises InputError for anything but a verb with its arguments."""
    return command_line().parse_args(arguments, Namespace(json=False, home=None, config=None))


def command_line() -> ArgumentParser:
    """The parser of everything."""
    everywhere = shared_arguments(_Parser)
    parser = _Parser(prog=COMMAND, description=DESCRIPTION, parents=[everywhere])
    parser.add_argument("--version", action="version", version=f"format-matters {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True, parser_class=_Parser)
    for name, verb in VERBS.items():
        verb.arguments(verbs.add_parser(name, help=verb.help, description=verb.help, parents=[everywhere]))
    return parser


def main(arguments: Sequence[str]) -> int:
    """Answer one verb; returns the exit status."""
    signal.signal(signal.SIGTERM, _terminate)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs start with it ignored
    _never_fail_to_print()
    try:
        use_settings(_settings_file(arguments))  # first: it may name plugins, whose formats are arguments
        if ASKED in os.environ:
            complete(command_line())
        given = parse(arguments)
        from .cli.console import run, show_result

        with needed_by(f"the verb {given.verb}"):
            if VERBS[given.verb].images:
                keep_freed_memory()
            show_result(run(VERBS[given.verb].answer(given)), given.json)
        sys.stdout.flush()
        return DONE
    except InputError as error:
        return _told(error, BAD_INPUT)
    except (WorkError, MemoryError) as error:
        return _told(error, FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left; what is still to be flushed has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:
        return _told(WorkError(disk_error_text(error, f"the verb {given.verb}")), FAILED)


def _settings_file(arguments: Sequence[str]) -> str | None:
    """What `--config` names, wherever it stands."""
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("--config")
    given: str | None = parser.parse_known_args(arguments)[0].config
    return given


def command() -> NoReturn:
    """The console script `format-matters`."""
    status = main(sys.argv[1:])
    end_without_collecting()
    sys.exit(status)


def _never_fail_to_print() -> None:
    """A terminal that knows fewer characters than a name has (LC_ALL=C) gets escapes; the program does not end."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def _told(error: BaseException, status: int) -> int:
    print(printable(" ".join(str(error).split())) or type(error).__name__, file=sys.stderr)
    return status


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    # As an exception it unwinds the work, which takes its half-made things with it.
    sys.exit(TERMINATED)


if __name__ == "__main__":
    command()
