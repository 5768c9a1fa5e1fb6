"""`view PATH`: the app, opened on a file."""

from __future__ import annotations

import os
import socket
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..base.events import Event, Result
from ..base.home import Home
from ..base.names import readable
from ..base.page_address import page_address as below_the_app
from ..base.printable import printable
from ..base.strict_json import dumps
from ..remote.address import is_address
from .app_server import FIRST_PORT, app_server, check_app, chosen_port
from .running_apps import running_port
from .verb import Verb


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "path",
        help="a file or folder of any kind that `inspect` opens, here or at an address, shards (a pattern in quotes), "
        "a store, or the name of a dataset",
    )
    parser.add_argument(
        "--port", type=int, metavar="N",
        help=f"start an app there (default: use the one of this home that runs, else the first free from {FIRST_PORT})",
    )  # fmt: skip
    parser.add_argument(
        "--no-browser", action="store_true",
        help="print the address, and the ssh line that reaches it from elsewhere; so it is where there is no screen",
    )  # fmt: skip


def _answer(given: Namespace) -> Iterator[Event]:
    check_app()
    home = Home.find(given.home)
    page = page_of(home, given.path)
    _allow(home, given.path)
    port = running_port(home) if given.port is None else None
    if port is not None:
        yield Result(_shown(page, port, given))
        return
    with app_server(home, chosen_port() if given.port is None else given.port) as server:
        told = _shown(page, server.port, given)
        if given.json:
            print(dumps(told), flush=True)
        print("Ctrl-C ends the app.", file=sys.stderr, flush=True)
        server.wait()


def _shown(page: str, port: int, given: Namespace) -> dict[str, Any]:
    """Open the page, or say how it is reached; what is told of it."""
    import webbrowser

    address, reached = f"http://localhost:{port}/{page}", ssh_line(port)
    quiet = given.no_browser or not has_screen()
    if not given.json:
        print(printable(address), flush=True)
        if quiet:
            print(f"From another machine: {reached}", flush=True)
    if not quiet:
        webbrowser.open(address)
    return {"address": address, "port": port, "ssh": reached} if given.json else {}


def page_of(home: Home, path: str) -> str:
    """The address, below the app's own, of the page that shows this: a dataset or a store of the home by its name, else
    the Inspector with the file. Raises InputError for what is none of these, before anything starts."""
    from ..datasets.dataset import list_datasets
    from ..inspect.kinds import identify

    if is_address(path):
        return below_the_app("inspector", file=path)
    place = Path(os.path.realpath(path))
    built, raw = (Path(os.path.realpath(folder)) for folder in (home.built, home.raw))
    if place.is_relative_to(built) and len(parts := place.relative_to(built).parts) == 3 and place.is_dir():
        return below_the_app("inspector", dataset=parts[0], store="/".join(parts[1:]))
    name = path if not os.path.lexists(path) else place.name if place.parent == raw else ""
    if name and any(dataset.name == name for dataset in list_datasets(home)):
        return below_the_app("dataset", dataset=name)
    identify(path)
    return below_the_app("inspector", file=readable(Path(path).absolute()))


def has_screen(environment: Mapping[str, str] = os.environ, system: str = sys.platform) -> bool:
    """Whether a browser that is opened here is seen by whoever typed the command."""
    if environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"):
        return True
    return not system.startswith("linux") and "SSH_CONNECTION" not in environment


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
