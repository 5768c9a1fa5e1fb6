"""Who may talk to the server: only pages that it serves itself, under its own names."""

from __future__ import annotations

import http.client
from contextlib import closing
from pathlib import Path

import pytest
import streamlit as st
from test_app_browser import serving
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from ui.shell.hosts import VARIABLE, Names, is_ours, named

NONE = Names(frozenset(), frozenset())


def scope(*headers: tuple[str, str], server: str = "127.0.0.1") -> dict:
    raw = [(name.encode(), value.encode()) for name, value in headers]
    return {"type": "http", "headers": raw, "server": (server, 8501), "scheme": "http"}


@pytest.mark.parametrize(
    "host", ["localhost:8501", "LOCALHOST", "localhost.:9000", "127.0.0.1:8501", "127.1.2.3", "[::1]:8501",
             "[::ffff:127.0.0.1]:1"],
)  # fmt: skip
def test_this_machine_is_ours_on_any_port(host: str) -> None:
    assert is_ours(scope(("host", host)), NONE)
    assert is_ours(scope(("host", host), ("origin", f"http://{host}")), NONE)
    assert not is_ours(scope(("host", host), ("origin", "http://evil.example")), NONE)


@pytest.mark.parametrize(
    "host", ["evil.example:8501", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:80@127.0.0.1",
             "2130706433", "0x7f000001", "192.168.1.9", "8.8.8.8", "", "localhost:abc", "local host", "[::2]",
             "localhost/", "localhost:8501, evil.example"],
)  # fmt: skip
def test_other_names_are_refused(host: str) -> None:
    assert not is_ours(scope(("host", host)), NONE)


def test_a_request_has_one_host() -> None:
    assert not is_ours(scope(), NONE)
    assert not is_ours(scope(("host", "localhost"), ("host", "evil.example")), NONE)


@pytest.mark.parametrize(
    "origin", ["null", "http://localhost:3000", "https://evil.example", "file://", "localhost:8501", "http://",
               "http://localhost:8501.evil.example", "ws://localhost:8501"],
)  # fmt: skip
def test_pages_of_other_sites_are_refused(origin: str) -> None:
    assert not is_ours(scope(("host", "localhost:8501"), ("origin", origin)), NONE)


def test_an_address_of_this_machine_is_ours_where_the_connection_came_in_on_it() -> None:
    assert is_ours(scope(("host", "192.168.1.9:8501"), server="192.168.1.9"), NONE)
    assert is_ours(scope(("host", "[fd00::7]"), server="fd00::7"), NONE)
    assert not is_ours(scope(("host", "192.168.1.9"), server="192.168.1.8"), NONE)
    assert not is_ours({**scope(("host", "192.168.1.9")), "server": None}, NONE)


def test_names_are_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"server.address": "0.0.0.0", "browser.serverAddress": "Data.Example.COM"}
    monkeypatch.setattr(st, "get_option", options.get)
    names = named({VARIABLE: " hub.example.org, *.Proxy.example.net,, "})
    for host in ("data.example.com", "hub.example.org:443", "a.b.proxy.example.net"):
        assert is_ours(scope(("host", host), ("origin", f"https://{host}")), names), host
    for host in ("example.org", "proxy.example.net", "evilproxy.example.net", "hub.example.org.evil.example"):
        assert not is_ours(scope(("host", host)), names), host
    # A proxy that changes the host: the page's own site has to be listed.
    assert is_ours(scope(("host", "127.0.0.1:8501"), ("origin", "https://hub.example.org")), names)
    assert not is_ours(scope(("host", "127.0.0.1:8501"), ("origin", "https://data.example.com")), names)


PATHS = ("/", "/inspector", "/live/20260101-000000-000000-load-0000", "/_stcore/health", "/_stcore/host-config",
         "/media/none.svg", "/_stcore/bidi-components/none/none.js", "/static/none.js")  # fmt: skip


def test_the_server_refuses_what_is_not_for_it(tmp_path: Path) -> None:
    with serving(tmp_path) as address:
        own = address.removeprefix("http://")
        port = own.rpartition(":")[2]

        def status(method: str, path: str, headers: dict[str, str]) -> int:
            with closing(http.client.HTTPConnection(own, timeout=10)) as asked:
                asked.request(method, path, headers={"Connection": "close", **headers})
                with closing(asked.getresponse()) as answer:
                    return answer.status

        for path in PATHS:
            assert status("GET", path, {"Host": f"evil.example:{port}"}) == 403, path
            assert status("GET", path, {"Host": own, "Origin": "http://evil.example"}) == 403, path
            assert status("GET", path, {"Host": own}) != 403, path
        uploaded = "/_stcore/upload_file/none/none"
        assert status("PUT", uploaded, {"Host": f"evil.example:{port}"}) == 403
        assert status("DELETE", uploaded, {"Host": own, "Origin": f"http://localhost:{port}"}) == 403  # another page

        stream = f"ws://{own}/_stcore/stream"
        for origin in (f"http://evil.example:{port}", "null", "http://localhost:1"):
            with pytest.raises(InvalidStatus, match="403"):
                connect(stream, origin=origin, open_timeout=10)
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                   "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}  # fmt: skip
        rebound = {"Host": f"evil.example:{port}", "Origin": f"http://evil.example:{port}"}
        assert status("GET", "/_stcore/stream", {**upgrade, **rebound}) == 403
        assert status("GET", "/_stcore/stream", {**upgrade, "Host": own, "Origin": address}) == 101
        with connect(stream, origin=address, open_timeout=10):
            pass
        with connect(stream.replace("127.0.0.1", "localhost"), origin=f"http://localhost:{port}", open_timeout=10):
            pass
