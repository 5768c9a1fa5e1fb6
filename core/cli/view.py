"""`view PATH`: the app, opened on a file."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from ..base.errors import InputError, WorkError
from ..base.events import Event, Result
from ..base.home import REPOSITORY, Home
from ..base.names import readable
from ..base.printable import printable
from ..processes.module_process import cause_of_death, end
from ..remote.address import is_address
from .verb import Verb

FIRST_PORT, LAST_PORT = 8501, 8599
STARTED_S = 60.0
POLL = 0.1
APP = REPOSITORY / "app.py"


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("path", help="a file or folder of any kind that `inspect` opens, here or at an address")
    parser.add_argument("--port", type=int, metavar="N", help=f"(default: the first free one from {FIRST_PORT} on)")
    parser.add_argument(
        "--no-browser", action="store_true", help="print the address, and the ssh line that reaches it from elsewhere"
    )


def _answer(given: Namespace) -> Iterator[Event]:
    import webbrowser

    from ..inspect.kinds import identify

    if not APP.is_file():
        raise InputError("the app is not part of the installed package: run this from a clone of the repository")
    home = Home.find(given.home)
    if not is_address(given.path):
        identify(given.path)  # what it is not is said here rather than on a page
    port = free_port() if given.port is None else given.port
    address, reached = page_address(given.path, port), ssh_line(port)
    with _server(home, port) as server:
        try:
            _await(server, port)
            _allow(home, given.path)
            print(printable(address), flush=True)
            if given.no_browser:
                print(f"From another machine: {reached}", flush=True)
            else:
                webbrowser.open(address)
            print("Ctrl-C ends the app.", file=sys.stderr, flush=True)
            server.wait()
        finally:
            end(server)
    yield Result({"address": address, "port": port, "ssh": reached})


def page_address(path: str, port: int) -> str:
    """The Inspector's page on this file."""
    shown = path if is_address(path) else readable(Path(path).absolute())
    return f"http://localhost:{port}/inspector?file={quote(shown, safe='/')}"


def ssh_line(port: int) -> str:
    """What somebody types elsewhere, so that the address leads here."""
    import getpass

    return f"ssh -L {port}:localhost:{port} {getpass.getuser()}@{socket.gethostname()}"


def free_port() -> int:
    """The first port that nobody listens on. Raises WorkError where there is none."""
    for port in range(FIRST_PORT, LAST_PORT + 1):
        with socket.socket() as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                attempt.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise WorkError(f"no port from {FIRST_PORT} to {LAST_PORT} is free; name one with --port")


def _server(home: Home, port: int) -> subprocess.Popen[bytes]:
    command = [
        sys.executable, "-m", "streamlit", "run", str(APP),
        "--server.port", str(port), "--server.headless", "true",
    ]  # fmt: skip
    return subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env={**os.environ, "FORMAT_MATTERS_HOME": str(home.root)},
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for this process, which ends it
    )


def _await(server: subprocess.Popen[bytes], port: int) -> None:
    """Until it listens. Raises WorkError where it does not."""
    import urllib.error
    import urllib.request

    deadline = time.monotonic() + STARTED_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise WorkError(f"the app ended as it began, with {cause_of_death(server.returncode)}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(POLL)
    raise WorkError(f"the app did not start within {STARTED_S:.0f} s")


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
