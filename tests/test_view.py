"""`view PATH`: the app on a file, its address, and the line that reaches it from elsewhere."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from core.__main__ import main
from core.base.errors import InputError
from core.base.home import REPOSITORY, Home
from core.cli.app_server import checked_port, free_port
from core.cli.view import page_address, ssh_line
from core.inspect.roots import Roots


def test_the_address_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a & b #1 ü.tar"
    told = urlsplit(page_address(str(file), 8765))
    assert told.netloc == "localhost:8765"
    assert told.path == "/inspector"
    assert parse_qs(told.query) == {"file": [str(file)]}
    assert parse_qs(urlsplit(page_address("s3://b/x.tar", 1)).query) == {"file": ["s3://b/x.tar"]}
    assert ssh_line(8765).startswith("ssh -L 8765:localhost:8765 ")


def test_a_port_that_is_taken_is_not_chosen() -> None:
    port = free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert free_port() != port
        with pytest.raises(InputError, match=f"--port {port} cannot be used"):
            checked_port(port)
    assert checked_port(port) == port
    with pytest.raises(InputError, match="from 1 to 65535"):
        checked_port(70_000)


def test_what_is_no_file_is_said_before_anything_starts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["view", "/nowhere/train.lmdb"]) == 2
    assert "/nowhere/train.lmdb" in capsys.readouterr().err


def test_it_serves_until_it_is_ended(tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "seen.npy"
    np.save(file, np.zeros((2, 8, 8, 3), np.uint8))
    command = [sys.executable, "-m", "core", "view", str(file), "--no-browser", "--home", str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY) as view:
        assert view.stdout is not None
        address = view.stdout.readline().strip()
        assert view.stdout.readline().startswith("From another machine: ssh -L ")
        with urllib.request.urlopen(address, timeout=20) as page:
            assert page.status == 200
        assert Roots.of(Home(home)).admit(file) == file
        view.send_signal(signal.SIGINT)
        view.communicate(timeout=20)
    assert view.returncode == 130
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(address, timeout=5)
    assert json.loads((home / "data" / "allowed_folders.json").read_text()) == [str(tmp_path)]
