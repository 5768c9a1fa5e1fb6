"""Where a journey begins: a home in which nothing is, a server that nobody has asked yet, no compiled kernels."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.test_app_browser import QUIET, ROOT, browser_path, wait_for_server

CACHE = "XDG_CACHE_HOME"

SIZE = {"width": 1440, "height": 900}

OURS = ("FORMAT_MATTERS_", "NUMBA_CACHE_DIR", "STREAMLIT_")
"""How variables begin that a newcomer does not have."""


@dataclass(frozen=True)
class Ground:
    """A clean `home`, and the `folder` around it, in which the journey may put files of its own; both are gone
    afterwards. `environment` is a newcomer's: kernels that are compiled are kept below `folder`."""

    folder: Path
    home: Path
    environment: dict[str, str]

    def start(self, command: Sequence[str], **more: Any) -> subprocess.Popen[bytes]:
        """A command in the repository's folder, with this environment; `python` is this interpreter."""
        told = [sys.executable if word == "python" else word for word in command]
        return subprocess.Popen(told, cwd=ROOT, env=self.environment, **more)

    def run(self, command: Sequence[str]) -> str:
        """The same to its end: what it said. Raises RuntimeError where it failed."""
        process = self.start(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = process.communicate()[0].decode(errors="replace")
        if process.returncode:
            raise RuntimeError(f"{' '.join(command)} failed:\n{said}")
        return said

    @contextmanager
    def serving(self) -> Iterator[str]:
        """A server of the app that listens, and has drawn no page; gives its address."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [
            "python",
            "-m",
            "streamlit",
            "run",
            "app.py",
            "--server.port",
            str(port),
            "--server.headless",
            "true",
        ]
        server = self.start(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for_server(f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(10)


@contextmanager
def grounds() -> Iterator[Callable[[], AbstractContextManager[Ground]]]:
    """Gives what makes a clean ground for each run. Their files are removed after the last run only: for minutes after
    thousands of files were deleted, ext4 takes up to ten times as long to create one (it passes over inodes that are
    new among the free, `recently_deleted` in Linux's fs/ext4/ialloc.c), which nobody's first run has to bear."""
    with tempfile.TemporaryDirectory(prefix="journey-", ignore_cleanup_errors=True) as name:
        yield lambda: ground_in(Path(tempfile.mkdtemp(dir=name)))


@contextmanager
def ground_in(folder: Path) -> Iterator[Ground]:
    """The ground in a folder. Whatever was started on it has ended afterwards: kernels would be compiled beside the
    next run, for the process that does so outlives its server."""
    home, cache = folder / "home", folder / "cache"
    kept = {variable: value for variable, value in os.environ.items() if not variable.startswith(OURS)}
    try:
        yield Ground(folder, home, {**kept, "FORMAT_MATTERS_HOME": str(home), CACHE: str(cache)})
    finally:
        _end_all(str(cache))


def _end_all(cache: str) -> None:
    """End the processes that have this folder in their environment."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(CACHE) == cache:
                process.kill()


@contextmanager
def chromium() -> Iterator[Any]:
    """A headless browser of Playwright's. Ends the program where there is none."""
    from playwright.sync_api import sync_playwright

    path = browser_path()
    if path is None:
        raise SystemExit("no Chromium or Chrome here: install one, or name it in the variable CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()


def opened(browser: Any, scheme: str = "light") -> Any:
    """An empty page of a browser in which nothing is kept."""
    return browser.new_context(viewport=SIZE, color_scheme=scheme).new_page()
