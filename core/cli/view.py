"""`view PATH`: the app, opened on a file."""

from __future__ import annotations

import socket
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

from ..base.events import Event, Result
from ..base.home import Home
from ..base.names import readable
from ..base.page_address import page_address as below_the_app
from ..base.printable import printable
from ..remote.address import is_address
from .app_server import FIRST_PORT, app_server, check_app, chosen_port
from .verb import Verb


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("path", help="a file or folder of any kind that `inspect` opens, here or at an address")
    parser.add_argument("--port", type=int, metavar="N", help=f"(default: the first free one from {FIRST_PORT} on)")
    parser.add_argument(
        "--no-browser", action="store_true", help="print the address, and the ssh line that reaches it from elsewhere"
    )


def _answer(given: Namespace) -> Iterator[Event]:
    import webbrowser

    from ..inspect.kinds import identify

    check_app()
    home = Home.find(given.home)
    if not is_address(given.path):
        identify(given.path)  # what it is not is said here rather than on a page
    with app_server(home, chosen_port() if given.port is None else given.port) as server:
        address, reached = page_address(given.path, server.port), ssh_line(server.port)
        _allow(home, given.path)
        print(printable(address), flush=True)
        if given.no_browser:
            print(f"From another machine: {reached}", flush=True)
        else:
            webbrowser.open(address)
        print("Ctrl-C ends the app.", file=sys.stderr, flush=True)
        server.wait()
    yield Result({"address": address, "port": server.port, "ssh": reached})


def page_address(path: str, port: int) -> str:
    """The Inspector's page on this file."""
    shown = path if is_address(path) else readable(Path(path).absolute())
    return f"http://localhost:{port}/{below_the_app('inspector', file=shown)}"


def ssh_line(port: int) -> str:
    """What somebody types elsewhere, so that the address leads here."""
    import getpass

    return f"ssh -L {port}:localhost:{port} {getpass.getuser()}@{socket.gethostname()}"


def _allow(home: Home, path: str) -> None:
    """Whoever types a path here may open it on the page: its folder is allowed for good, as by the page's button."""
    from ..inspect import allowed
    from ..inspect.roots import OutsideError, Roots

    roots = Roots.of(home)
    try:
        roots.admit(path)
    except OutsideError as error:
        if not roots.fixed and error.can_be_allowed:
            allowed.allow(home, error.folder)


VIEW = Verb("open the app on a file", _arguments, _answer)
