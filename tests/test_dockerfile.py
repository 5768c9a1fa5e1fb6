"""The Dockerfile: what can be held to without Docker. Its files are laid out as it says, and its command is run."""

from __future__ import annotations

import http.client
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from core.base.home import REPOSITORY
from core.base.settings import SETTINGS


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"(?m)^\s*#.*\n", "", (REPOSITORY / "Dockerfile").read_text("utf-8")).replace("\\\n", " ")
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in text.splitlines() if line.strip()]


def copied() -> list[tuple[str, str]]:
    """Source and target of everything that is copied."""
    pairs = []
    for name, rest in instructions():
        if name == "COPY":
            *sources, target = rest.split()
            pairs += [(source, target) for source in sources]
    return pairs


def environment() -> dict[str, str]:
    words = [word for name, rest in instructions() if name == "ENV" for word in shlex.split(rest)]
    return dict(word.split("=", 1) for word in words)


def last(name: str) -> str:
    return next(rest for one, rest in reversed(instructions()) if one == name)


def command() -> list[str]:
    words: list[str] = json.loads(last("CMD"))
    return words


def test_it_runs_as_a_plain_user_who_may_write_to_the_volume_alone() -> None:
    names = [name for name, _ in instructions()]
    assert last("USER") == "app"
    assert names.index("USER") < names.index("CMD")
    making = next(rest for name, rest in instructions() if name == "RUN" and "useradd" in rest)
    assert "chown app:app /data" in making
    assert last("VOLUME") == "/data"
    assert not any("--chown" in rest for name, rest in instructions() if name == "COPY")
    known = {spec.variable for spec in SETTINGS.values()}
    ours = {name: value for name, value in environment().items() if name.startswith("FORMAT_MATTERS_")}
    assert set(ours) <= known
    assert all(Path(value).is_relative_to("/data") for value in ours.values())


def test_what_it_copies_is_there_and_not_left_out() -> None:
    ignored = (REPOSITORY / ".dockerignore").read_text("utf-8").splitlines()
    assert "*" in ignored
    for source, _ in copied():
        assert (REPOSITORY / source).exists(), source
        assert f"!{source}" in ignored, source
    assert {line[1:] for line in ignored if line.startswith("!")} == {source for source, _ in copied()}
    requirements = (REPOSITORY / "requirements.txt").read_text("utf-8")
    assert len(re.findall(r"(?m)^torch==[0-9.]*", requirements)) == 1


def test_the_docs_publish_it_on_this_machine_alone() -> None:
    for name in ("README.md", "docs/docker.md"):
        lines = re.findall(r"docker run[^\n`]* format-matters(?:\n|`)", (REPOSITORY / name).read_text("utf-8"))
        assert lines
        assert all(" -p 127.0.0.1:8501:8501 " in line for line in lines), name


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def status(port: int, host: str) -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def upgraded(port: int, host: str, origin: str) -> int:
    """The status with which a websocket is answered that a page of this origin asks for."""
    headers = {
        "Host": host, "Origin": origin, "Connection": "Upgrade", "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
    }  # fmt: skip
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        asking.request("GET", "/_stcore/stream", headers=headers)
        return asking.getresponse().status
    finally:
        asking.close()


ASKED = """import socket, sys
NAMES = ("socket.getaddrinfo", "socket.gethostbyname")
def note(event, told):
    if event in NAMES:
        name = told[0]
    elif event == "socket.connect" and told[0].type == socket.SOCK_STREAM and isinstance(told[1], tuple):
        name = told[1][0]
    else:
        return
    if (name or "localhost") not in ("localhost", "127.0.0.1", "::1", "0.0.0.0", "::"):
        open({file!r}, "a").write(f"{{event}} {{name}}\\n")
sys.addaudithook(note)
"""
"""A module that Python imports as it starts: notes whom a process asks that is not on this machine. Connecting a
datagram socket sends nothing; Streamlit learns from it which address of this machine leads outside."""


def test_its_command_starts_the_app_from_nothing_but_what_is_copied(tmp_path: Path) -> None:
    """With the health check as it stands there; listening everywhere, it answers to its own names alone, and asks
    nobody outside, neither as it starts nor for a page of another name than the request's."""
    app, data = tmp_path / "app", tmp_path / "data"
    for source, target in copied():
        path, into = REPOSITORY / source, app / target
        left_out = shutil.ignore_patterns("__pycache__")
        if path.is_dir():
            shutil.copytree(path, into, ignore=left_out)
        else:
            into.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, into)
    data.mkdir()
    asked, noting = tmp_path / "asked.txt", tmp_path / "noting"
    noting.mkdir()
    (noting / "sitecustomize.py").write_text(ASKED.format(file=str(asked)))
    port = str(free_port())
    program, *arguments = [port if word == "8501" else word for word in command()]
    assert program == "streamlit"
    variables = {name: value.replace("/data", str(data)) for name, value in environment().items()}
    started = subprocess.Popen(
        [sys.executable, "-m", program, *arguments], cwd=app,
        env={**os.environ, **variables, "PYTHONPATH": str(noting)}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    _, *checking = json.loads(last("HEALTHCHECK").partition("CMD")[2])
    check = [sys.executable, *(word.replace("8501", port) for word in checking)]
    try:
        deadline = time.monotonic() + 60
        while subprocess.run(check, capture_output=True, check=False).returncode:
            assert started.poll() is None, started.stderr and started.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.3)
        hosts = (f"localhost:{port}", f"127.0.0.1:{port}", "192.0.2.1", "a.example")
        assert [status(int(port), host) for host in hosts] == [200, 200, 403, 403]
        assert upgraded(int(port), f"LOCALHOST:{port}", f"http://localhost.:{port}") == 403
    finally:
        started.send_signal(signal.SIGTERM)
        _, errors = started.communicate(timeout=30)
    assert b"Traceback" not in errors
    assert not asked.exists(), asked.read_text()
    assert not [name for name in ("data", "runs") if (app / name).exists()]  # it wrote to the volume alone


@pytest.mark.skipif(shutil.which("sh") is None, reason="no shell")
def test_the_version_of_torch_is_found_in_the_requirements() -> None:
    line = next(rest for name, rest in instructions() if name == "RUN" and "TORCH_INDEX" in rest)
    found = re.search(r'"\$\((grep [^)]*)\)"', line)
    assert found is not None
    told = subprocess.run(["sh", "-c", found[1]], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    assert re.fullmatch(r"torch==\d+\.\d+\.\d+\n", told)
