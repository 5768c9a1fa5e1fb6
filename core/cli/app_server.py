"""The app's server as a process of a verb (`view`, `share`): it is started, waited for and ended here."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ..base.errors import InputError, WorkError
from ..base.home import REPOSITORY, Home
from ..base.settings import setting_text
from ..processes.module_process import cause_of_death, end

FIRST_PORT, LAST_PORT = 8501, 8599
STARTED_S = 60.0
POLL = 0.1
APP = REPOSITORY / "app.py"
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class AppServer:
    """A server that listens on `port`."""

    process: subprocess.Popen[bytes]
    port: int

    def wait(self) -> None:
        """Until it ends, which only Ctrl-C makes it do. Raises WorkError where it ended by itself."""
        status = self.process.wait()
        raise WorkError(f"the app ended, with {cause_of_death(status)}")


@contextmanager
def app_server(
    home: Home, port: int | None = None, address: str = LOOPBACK, variables: Mapping[str, str] | None = None,
    options: Sequence[str] = (), inherited: Collection[int] = (),
) -> Iterator[AppServer]:  # fmt: skip
    """The app of this home, listening; on leaving it is ended.

    Args:
        port: None: the first free one from 8501 on.
        address: of the interface that it listens on.
        variables: environment variables beside this process's own.
        options: more of Streamlit's options.
        inherited: descriptors that it has as well.

    Raises:
        InputError: the app is not here (installed alone, it is not), or somebody listens on the port.
        WorkError: it did not start.
    """
    check_app()
    chosen = free_port(address) if port is None else checked_port(port, address)
    process = _start(home, chosen, address, variables or {}, options, inherited)
    try:
        _await(process, chosen, address)
        yield AppServer(process, chosen)
    finally:
        end(process)


def check_app() -> None:
    """Raises InputError where the app is not here."""
    if not APP.is_file():
        raise InputError("the app is not part of the installed package: run this from a clone of the repository")


def chosen_port() -> int | None:
    """What the setting `port` says."""
    return int(setting_text("port") or 0) or None


def free_port(address: str = LOOPBACK) -> int:
    """The first port that nobody listens on. Raises WorkError where there is none."""
    for port in range(FIRST_PORT, LAST_PORT + 1):
        if _is_free(port, address):
            return port
    raise WorkError(f"no port from {FIRST_PORT} to {LAST_PORT} is free; name one with --port")


def checked_port(port: int, address: str = LOOPBACK) -> int:
    """`port`. Raises InputError where it is none, or somebody listens there: that one would answer in our place."""
    if not 0 < port < 65536:
        raise InputError(f"--port {port}: a port is a number from 1 to 65535")
    if not _is_free(port, address):
        raise InputError(f"--port {port} cannot be used: another program listens there, or it needs more rights")
    return port


def answers(port: int, address: str = LOOPBACK, seconds: float = 1.0) -> bool:
    """Whether an app listens there: Streamlit's own address for that question says so."""
    import urllib.error
    import urllib.request

    asked = LOOPBACK if address in ("", "0.0.0.0", "::") else address  # noqa: S104
    host = f"[{asked}]" if ":" in asked else asked
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/_stcore/health", timeout=seconds):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _is_free(port: int, address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((address, port))
        except OSError:
            return False
    return True


def _start(
    home: Home,
    port: int,
    address: str,
    variables: Mapping[str, str],
    options: Sequence[str],
    inherited: Collection[int],
) -> subprocess.Popen[bytes]:
    command = [
        sys.executable, "-m", "streamlit", "run", str(APP),
        "--server.port", str(port), "--server.address", address, "--server.headless", "true", *options,
    ]  # fmt: skip
    return subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env={**os.environ, "FORMAT_MATTERS_HOME": str(home.root), **variables},
        stdout=subprocess.DEVNULL,
        pass_fds=tuple(inherited),
        start_new_session=True,  # Ctrl-C is for this process, which ends it
    )


def _await(process: subprocess.Popen[bytes], port: int, address: str) -> None:
    """Until it listens. Raises WorkError where it does not."""
    deadline = time.monotonic() + STARTED_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise WorkError(f"the app ended as it began, with {cause_of_death(process.returncode)}")
        if answers(port, address):
            return
        time.sleep(POLL)
    raise WorkError(f"the app did not start within {STARTED_S:.0f} s")
