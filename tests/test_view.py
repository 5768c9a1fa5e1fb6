"""`view PATH`: the app on a file, its address, and the line that reaches it from elsewhere."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import tarfile
import urllib.request
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from core.__main__ import main
from core.base.errors import InputError
from core.base.events import finish
from core.base.home import REPOSITORY, Home
from core.building import Build
from core.cli.app_server import checked_port, free_port
from core.cli.running_apps import noted_as_running, running_port
from core.cli.view import has_screen, page_of, ssh_line
from core.inspect.roots import Roots


def test_the_page_is_that_of_what_is_named(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "a & b #1 ü.npy"
    np.save(file, np.zeros((2, 8, 8, 3), np.uint8))
    told = urlsplit(page_of(home, str(file)))
    assert (told.path, parse_qs(told.query)) == ("inspector", {"file": [str(file)]})
    assert parse_qs(urlsplit(page_of(home, "s3://b/x.tar")).query) == {"file": ["s3://b/x.tar"]}
    for name in ("1.tar", "2.tar"):
        with tarfile.open(tmp_path / name, "w") as tar:
            tar.add(next((home.raw / "shapes" / "train").rglob("*.png")), "0.png")
    shards = str(tmp_path / "[12].tar")
    assert parse_qs(urlsplit(page_of(home, shards)).query) == {"file": [shards]}
    assert page_of(home, "shapes") == page_of(home, str(home.raw / "shapes")) == "dataset?dataset=shapes"
    finish(Build("shapes", "npy", "raw", home=str(home.root)).run())
    store = home.built / "shapes" / "npy" / "raw"
    assert parse_qs(urlsplit(page_of(home, str(store))).query) == {"dataset": ["shapes"], "store": ["npy/raw"]}
    assert parse_qs(urlsplit(page_of(home, str(home.raw / "shapes" / "train"))).query)["file"]
    with pytest.raises(InputError, match="nothing"):
        page_of(home, str(tmp_path / "nothing"))
    assert ssh_line(8765).startswith("ssh -L 8765:localhost:8765 ")


def test_where_nobody_sees_a_screen_the_address_is_printed() -> None:
    assert has_screen({"DISPLAY": ":0", "SSH_CONNECTION": "x"}, "linux")
    assert not has_screen({}, "linux")
    assert has_screen({}, "darwin")
    assert not has_screen({"SSH_CONNECTION": "x"}, "darwin")


def test_an_app_is_found_as_long_as_it_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, notes = Home(tmp_path), tmp_path / "data" / "running"
    monkeypatch.setattr("core.cli.running_apps.answers", lambda port, address: port != 8500)
    assert running_port(home) is None
    with noted_as_running(home, 8500):
        assert running_port(home) is None  # it lives and does not answer yet
        with noted_as_running(home, 8501):
            for left in ("8499", "port", "99999", "-1"):  # of an app that was killed, and of somebody else
                (notes / left).touch()
            assert running_port(home) == 8501
    assert running_port(home) is None
    (tmp_path / "file").touch()
    with noted_as_running(Home(tmp_path / "file"), 8501):  # it runs all the same
        assert running_port(Home(tmp_path / "file")) is None


@pytest.fixture
def own_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """From a range in which no other test serves, and from which the system takes none for connections."""
    monkeypatch.setattr("core.cli.app_server.FIRST_PORT", 18501)
    monkeypatch.setattr("core.cli.app_server.LAST_PORT", 18599)


def test_a_port_that_is_taken_is_not_chosen(own_ports: None) -> None:
    port = free_port()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a connection to it may have ended just now
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


def test_it_serves_until_it_is_ended(tmp_path: Path, own_ports: None) -> None:
    home, file = tmp_path / "home", tmp_path / "seen.npy"
    np.save(file, np.zeros((2, 8, 8, 3), np.uint8))
    command = [sys.executable, "-m", "core", "view", str(file), "--no-browser", "--home", str(home)]
    served = [*command, "--port", str(free_port())]
    with subprocess.Popen(served, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY) as view:
        assert view.stdout is not None
        address = view.stdout.readline().strip()
        assert view.stdout.readline().startswith("From another machine: ssh -L ")
        with urllib.request.urlopen(address, timeout=20) as page:
            assert page.status == 200
        assert Roots.of(Home(home)).admit(file) == file
        again = subprocess.run(
            [*command[:-2], "--json", *command[-2:]], capture_output=True, text=True, cwd=REPOSITORY, check=True
        )  # the app that runs is used
        assert json.loads(again.stdout)["address"] == address
        view.send_signal(signal.SIGINT)
        view.communicate(timeout=20)
    assert view.returncode == 130
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(address, timeout=5)
    assert json.loads((home / "data" / "allowed_folders.json").read_text()) == [str(tmp_path)]
