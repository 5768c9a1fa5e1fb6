"""S3 on this machine for tests: moto's server, and before it a proxy that counts, waits and breaks things on request.

    @pytest.fixture(scope="module")
    def storage() -> Iterator[ObjectServer]:
        with object_server() as server:
            yield server

    storage.put("folder/a.jpg", data)                       # straight into the bucket, not counted
    storage.fault("503", rate=0.01)                         # or "cut", "missing", "slow", ..., see FAULTS
    storage.fault("missing", "*/a.jpg", times=1)
    storage.clear()                                         # no faults, no latency, counts at zero

Credentials and the endpoint are in the environment while it runs, for this process and its children.
As a program (`python tests/object_server.py --latency-ms 20`) it prints the lines to export and runs until it is ended.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import shlex
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, unquote

import pytest

FAULTS = {
    "503": "the server is busy",
    "403": "access is denied",
    "missing": "404, as if the object had vanished",
    "cut": "half of the body, and the connection is closed",
    "short": "a complete answer with the last byte missing",
    "slow": "a quarter of the body, a second of nothing, then the rest",
    "stuck": "nothing for ten seconds",
    "other": "another ETag",
}
BUCKET = "bucket"
KEPT_BYTES = 512 << 20
"""Of object bodies in the proxy's memory: moto reads a whole object for every range of it."""

STUCK_S = 10.0

SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/s3/aws4_request, Signature=0"}
"""Enough for moto, which looks only whether there is a signature."""


Answer = tuple[int, dict[str, str], bytes]
"""Status, headers, body."""


@dataclass
class Rule:
    kind: str
    pattern: str
    rate: float
    times: int | None


@dataclass
class Counts:
    """What clients asked of the proxy: requests by method, bytes of bodies that it sent, faults by kind."""

    requests: int = 0
    bytes: int = 0
    methods: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    log: list[tuple[str, str, str]] = field(default_factory=list)
    """(method, path, range) of each request, in order."""


class ObjectServer:
    """Moto's server with one bucket, behind the proxy. `latency_ms` is waited before every answer."""

    def __init__(self, latency_ms: float = 0.0, seed: int = 0) -> None:
        from moto.server import ThreadedMotoServer

        self.latency_ms = latency_ms
        self.counts = Counts()
        self._rules: list[Rule] = []
        self._lock = threading.Lock()
        self._random = random.Random(seed)
        self._bodies: dict[str, tuple[bytes, dict[str, str]]] = {}
        self._kept_bytes = 0
        self._moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self._moto.start()
        self.upstream = self._moto.get_host_and_port()
        self._proxy = _Server(self)
        self._thread = threading.Thread(target=self._proxy.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._proxy.server_address[1]}"
        self.put("", b"")

    def stop(self) -> None:
        self._proxy.shutdown()
        self._proxy.server_close()
        self._moto.stop()

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ALLOW_HTTP": "true",
        }

    def address(self, path: str = "") -> str:
        return f"s3://{BUCKET}/{path}".rstrip("/")

    def put(self, path: str, data: bytes) -> None:
        """Straight to moto: not counted, no faults."""
        status, _, body = self._ask("PUT", path, data)
        assert status == 200, body

    def get(self, path: str) -> bytes | None:
        status, _, body = self._ask("GET", path)
        return body if status == 200 else None

    def remove(self, path: str) -> None:
        self._ask("DELETE", path)

    def fault(self, kind: str, pattern: str = "*", rate: float = 1.0, times: int | None = None) -> None:
        """Answer requests for objects whose path (bucket and key) matches with a fault: so many of them (`rate`), at
        most `times`. "*" is objects only, no listings."""
        assert kind in FAULTS, kind
        self._rules.append(Rule(kind, pattern, rate, times))

    def clear(self, seed: int = 0) -> None:
        with self._lock:
            self.latency_ms, self._rules, self.counts, self._random = 0.0, [], Counts(), random.Random(seed)

    def drawn(self, path: str) -> str:
        """The fault of one request, "" for none."""
        with self._lock:
            for rule in self._rules:
                if rule.times == 0 or not fnmatchcase(path, rule.pattern) or self._random.random() >= rule.rate:
                    continue
                if rule.times is not None:
                    rule.times -= 1
                self.counts.faults[rule.kind] += 1
                return rule.kind
        return ""

    def count(self, method: str, path: str, range_: str) -> None:
        with self._lock:
            self.counts.requests += 1
            self.counts.methods[method] += 1
            self.counts.log.append((method, path, range_))

    def sent(self, amount: int) -> None:
        with self._lock:
            self.counts.bytes += amount

    def kept(self, target: str) -> tuple[bytes, dict[str, str]] | None:
        """An object's body and headers out of memory, read from moto the first time."""
        if target not in self._bodies:
            status, headers, body = self.forward("GET", target, SIGNED, b"")
            if status != 200:
                return None
            with self._lock:
                if self._kept_bytes + len(body) > KEPT_BYTES:
                    self._bodies, self._kept_bytes = {}, 0
                self._bodies[target] = body, headers
                self._kept_bytes += len(body)
            return body, headers
        return self._bodies[target]

    def forget(self, target: str) -> None:
        with self._lock:
            body, _ = self._bodies.pop(target.partition("?")[0], (b"", {}))
            self._kept_bytes -= len(body)

    def forward(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        connection = http.client.HTTPConnection(*self.upstream, timeout=60)
        try:
            connection.request(method, target, body or None, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def _ask(self, method: str, path: str, data: bytes = b"") -> Answer:
        target = f"/{BUCKET}/{quote(path)}" if path else f"/{BUCKET}"
        self.forget(target)
        return self.forward(method, target, SIGNED | {"Content-Length": str(len(data))}, data)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, server: ObjectServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.storage = server

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that gave up are no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def handle_expect_100(self) -> bool:
        self.send_response_only(100)
        self.end_headers()
        self.wfile.flush()
        return True

    def do_GET(self) -> None:
        self._serve(b"")

    do_HEAD = do_DELETE = do_GET  # noqa: N815

    def do_PUT(self) -> None:
        self._serve(self._body())

    do_POST = do_PUT  # noqa: N815

    def _serve(self, body: bytes) -> None:
        storage, path = self.server.storage, unquote(self.path.partition("?")[0]).lstrip("/")
        storage.count(self.command, path, self.headers.get("Range", ""))
        time.sleep(storage.latency_ms / 1e3)
        fault = storage.drawn(path) if "/" in path.rstrip("/") else ""
        if fault in ("503", "403", "missing"):
            code, name = {"503": (503, "SlowDown"), "403": (403, "AccessDenied"), "missing": (404, "NoSuchKey")}[fault]
            text = f"<?xml version='1.0'?><Error><Code>{name}</Code><Message>injected</Message></Error>".encode()
            self._answer(code, {"Content-Type": "application/xml"}, text, "")
            return
        if fault == "stuck":
            time.sleep(STUCK_S)
        if self.command in ("PUT", "POST", "DELETE"):
            storage.forget(self.path)
        self._answer(*self._made(body), fault)

    def _made(self, body: bytes) -> Answer:
        storage = self.server.storage
        wanted = self.headers.get("Range", "")
        if self.command == "GET" and "?" not in self.path and wanted.startswith("bytes="):
            kept = storage.kept(self.path)
            if kept is not None:
                return self._part(*kept, wanted)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("connection", "expect")}
        return storage.forward(self.command, self.path, headers, body)

    def _part(self, body: bytes, headers: dict[str, str], wanted: str) -> Answer:
        match = self.headers.get("If-Match")
        if match and match != headers.get("ETag"):
            return 412, {}, b"<Error><Code>PreconditionFailed</Code></Error>"
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        start, stop = int(first), min(int(last) + 1 if last else len(body), len(body))
        if start >= len(body):
            return 416, {}, b"<Error><Code>InvalidRange</Code></Error>"
        return 206, headers | {"Content-Range": f"bytes {start}-{stop - 1}/{len(body)}"}, body[start:stop]

    def _answer(self, status: int, headers: dict[str, str], body: bytes, fault: str) -> None:
        dropped = ("content-length", "connection", "transfer-encoding", "server", "date")
        length = headers.get("Content-Length") or headers.get("content-length")
        if fault == "short":
            body = body[:-1]
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in dropped and not (fault == "other" and name.lower() == "etag"):
                self.send_header(name, value)
        if fault == "other":
            self.send_header("ETag", '"ffffffffffffffffffffffffffffffff"')
        head = self.command == "HEAD"
        self.send_header("Content-Length", length or "0" if head else str(len(body)))
        self.end_headers()
        if not head:
            self._send(body, fault)

    def _send(self, body: bytes, fault: str) -> None:
        part = len(body) // 2 if fault == "cut" else len(body) // 4 if fault == "slow" else len(body)
        with suppress(ConnectionError):
            self.wfile.write(body[:part])
            self.wfile.flush()
            if fault == "slow":
                time.sleep(1.0)
                self.wfile.write(body[part:])
        self.server.storage.sent(part if fault == "cut" else len(body))
        if fault == "cut":
            self.close_connection = True

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while length := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(length))
            self.rfile.readline()
        self.rfile.readline()
        del self.headers["Transfer-Encoding"]
        return b"".join(parts)


@contextmanager
def object_server(latency_ms: float = 0.0) -> Iterator[ObjectServer]:
    """A server with the bucket `bucket`; the environment leads every S3 library to it meanwhile. Skips without moto."""
    for library in ("moto", "flask", "s3fs"):
        pytest.importorskip(library, reason=f"{library} is not installed (requirements-dev.txt)")
    server = ObjectServer(latency_ms)
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
                patch.delenv(name, raising=False)
            for name, value in server.environment.items():
                patch.setenv(name, value)
            patch.setenv("NO_PROXY", "127.0.0.1,localhost")
            yield server
    finally:
        server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description="S3 on loopback, for measurements")
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--fault", nargs=2, action="append", default=[], metavar=("KIND", "RATE"))
    given = parser.parse_args()
    server = ObjectServer(given.latency_ms)
    for kind, rate in given.fault:
        server.fault(kind, rate=float(rate))
    print("\n".join(f"export {name}={shlex.quote(value)}" for name, value in server.environment.items()), flush=True)
    with suppress(KeyboardInterrupt):
        while os.getppid() != 1:
            time.sleep(1)
    print(server.counts.requests, server.counts.bytes, dict(server.counts.faults), flush=True)
    server.stop()


if __name__ == "__main__":
    main()
