"""`share`: the app for a class on the local network, behind a code; only this machine's browser is host."""

from __future__ import annotations

import os
import select
import socket
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from ..base.errors import FormatMattersError, InputError, WorkError
from ..base.events import Event, Result
from ..base.home import Home
from ..base.strict_json import dumps
from ..processes.module_process import cause_of_death
from ..sharing.codes import shown
from ..sharing.line import VARIABLE, ShareLine
from ..sharing.reach import EVERYWHERE, addresses
from .app_server import FIRST_PORT, LOOPBACK, AppServer, app_server, check_app, checked_port, chosen_port, free_port
from .verb import Verb

EVERYBODY = "0.0.0.0"  # noqa: S104 - to be reached by others is what is asked for
MOST_QR = 3
"""Addresses of which the QR code is drawn; of more only the links are told."""

COMMANDS = {"host": "host", "new": "renew", "end": "end"}
"""What is typed in the terminal -> what the server is asked for."""

HELP = (
    "Type: new (another code), end (all guests leave, another code), host (another link for you). Ctrl-C ends it all."
)

FIRST_WORD_S = 20.0
"""Seconds within which a server that listens has told its code."""


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--port", type=int, metavar="N", help=f"(default: the first free one from {FIRST_PORT} on)")
    parser.add_argument(
        "--address", default=EVERYBODY, metavar="A",
        help="of this machine, on which it listens (default: all IPv4 addresses)",
    )  # fmt: skip
    parser.add_argument(
        "--no-browser", action="store_true", help="print the host's own link instead of opening it in the browser"
    )


def _answer(given: Namespace) -> Iterator[Event]:
    check_app()
    home = Home.find(given.home)
    _check_address(given.address)
    asked = chosen_port() if given.port is None else given.port
    port = checked_port(asked, given.address) if asked is not None else free_port(given.address)
    reached = addresses(given.address)
    if not reached:
        raise InputError("nobody else reaches this machine: it is in no network; join one, or name an --address")
    ours, theirs = socket.socketpair()
    line, told = ShareLine(ours), _Told(home, reached, port, given)
    options = _server_options(reached, port)
    try:
        variables = {VARIABLE: str(theirs.fileno())}
        with app_server(home, port, given.address, variables, options, [theirs.fileno()]) as server:
            theirs.close()
            _converse(server, line, told)
    finally:
        theirs.close()
        line.close()
        told.cancel_jobs()
    yield Result(told.fields())


def _check_address(address: str) -> None:
    """Raises InputError where nothing of this machine can listen there."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as attempt:
            attempt.bind((address, 0))
    except OSError as error:
        raise InputError(f"--address {address}: this is no address of this machine ({error.strerror})") from None


def _server_options(reached: list[str], port: int) -> list[str]:
    """No welcome, for which Streamlit would ask a server in the internet for this machine's address; no watching of
    files, which would load modules anew; no prefix, which the guard would not know; and pages of these addresses."""
    origins = [f"http://{_host(address)}:{port}" for address in reached]
    return [
        "--logger.hideWelcomeMessage", "true", "--server.fileWatcherType", "none", "--server.baseUrlPath", "",
        "--server.enableCORS", "true", "--server.enableXsrfProtection", "true",
        "--server.corsAllowedOrigins", dumps(origins), "--server.enableAgentApi", "false",
        "--server.enableStaticServing", "false", "--global.developmentMode", "false",
    ]  # fmt: skip


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


class _Told:
    """What the server has said so far, and what is shown of it."""

    def __init__(self, home: Home, reached: list[str], port: int, given: Namespace) -> None:
        self.home, self.reached, self.port, self.given = home, reached, port, given
        self.code, self.host, self.guests = "", "", 0
        self.jobs: list[str] = []
        self._shown = ("", "")

    def fields(self) -> dict[str, Any]:
        """For --json. `host`: the link for the host's own browser, good once."""
        links = [f"http://{_host(address)}:{self.port}/join?code={self.code}" for address in self.reached]
        return {"code": shown(self.code), "links": links, "host": self.host, "port": self.port, "guests": self.guests}

    def take(self, message: Mapping[str, Any]) -> None:
        """Show what is new."""
        if isinstance(job := message.get("job"), str):
            self.jobs.append(job)
        self.guests = int(message.get("guests", self.guests))
        self.code = str(message.get("code", self.code))
        if "host" in message:
            here = LOOPBACK if self.given.address in EVERYWHERE else self.given.address
            self.host = f"http://{_host(here)}:{self.port}/host?link={message['host']}"
        before = self._shown
        if not (self.code and self.host) or before == (self.code, self.host):
            return
        self._shown = self.code, self.host
        if self.given.json:
            print(dumps(self.fields()), flush=True)
            return
        if before[0] != self.code:
            self._show_code()
        if before[1] != self.host:
            self._show_host()

    def _show_code(self) -> None:
        from ..sharing.qr import qr_lines

        coloured = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        drawn = sys.stdout.isatty() and (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
        for number, link in enumerate(self.fields()["links"]):
            if drawn and number < MOST_QR:
                print("\n".join(qr_lines(link, coloured)))
            print(f"{link}\n")
        print(f"The code: {shown(self.code)}", flush=True)

    def _show_host(self) -> None:
        import webbrowser

        if self.given.no_browser or not webbrowser.open(self.host):
            print(f"Your own link, on this machine, good once: {self.host}", flush=True)
        print(HELP, file=sys.stderr, flush=True)

    def cancel_jobs(self) -> None:
        """What guests have started and has not ended, ends with the class."""
        from ..jobs import Jobs  # which no other verb waits for

        for job in self.jobs:
            with suppress(FormatMattersError):
                Jobs(self.home).cancel(job)


def _converse(server: AppServer, line: ShareLine, told: _Told) -> None:
    """Between the terminal and the server, until one of them ends. Raises WorkError where the server does."""
    line.send({"ask": "host"})
    ends = [line.fileno(), *([sys.stdin.fileno()] if sys.stdin is not None and sys.stdin.isatty() else [])]
    while True:
        ready, _, _ = select.select(ends, [], [], None if told.code else FIRST_WORD_S)
        if not ready:
            raise WorkError("the app has started and does not tell its code")
        if line.fileno() in ready:
            messages = line.received()
            if messages is None:
                raise WorkError(f"the app ended, with {cause_of_death(server.process.wait())}")
            for message in messages:
                told.take(message)
        else:
            typed = sys.stdin.readline()
            if not typed:
                ends = ends[:1]
            elif typed.strip():
                asked = COMMANDS.get(typed.strip().lower())
                line.send({"ask": asked}) if asked else print(HELP, file=sys.stderr, flush=True)


SHARE = Verb("show the app to a class on the local network, behind a code", _arguments, _answer)
