"""Folders of this disk as buckets of an S3-like server that costs little itself: for measurements, in place of moto.

    python -m benchmarks.static_objects FOLDER [--latency-ms MS]

`GET` and `HEAD` of `/BUCKET/PATH` give FOLDER/PATH, whole or a range, `--latency-ms` late, by the system's own call
from file to socket. There are no listings, no signatures are looked at. `PUT` keeps a file in the folder. It prints the
lines to export and runs until it is ended.
"""

from __future__ import annotations

import argparse
import os
import shlex
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_ALLOW_HTTP": "true",
}


class Objects(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, folder: Path, latency_s: float) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder, self.latency_s = folder.resolve(), latency_s


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Objects

    def log_message(self, format: str, *given: object) -> None:
        pass

    def do_GET(self) -> None:
        time.sleep(self.server.latency_s)
        path = self._file()
        if not path.is_file():
            self._head(404, 0)
            return
        status, size = path.stat(), path.stat().st_size
        first, _, last = self.headers.get("Range", "").removeprefix("bytes=").partition("-")
        start, stop = int(first or 0), min(int(last) + 1 if last else size, size)
        self.send_response(206 if first else 200)
        self.send_header("Content-Length", str(stop - start))
        self.send_header("ETag", f'"{status.st_mtime_ns:032x}"')
        self.send_header("Last-Modified", self.date_time_string(status.st_mtime))
        if first:
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{size}")
        self.end_headers()
        if self.command == "GET":
            self._send(path, start, stop)

    do_HEAD = do_GET  # noqa: N815 - as the standard library calls it

    def do_PUT(self) -> None:
        path = self._file()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
        self._head(200, 0)

    def _send(self, path: Path, start: int, stop: int) -> None:
        self.wfile.flush()
        with path.open("rb") as file:
            while start < stop:
                start += os.sendfile(self.connection.fileno(), file.fileno(), start, stop - start)

    def _head(self, status: int, length: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def _file(self) -> Path:
        path = (self.server.folder / unquote(self.path.partition("?")[0]).lstrip("/").partition("/")[2]).resolve()
        return path if path.is_relative_to(self.server.folder) else self.server.folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    given = parser.parse_args()
    server = Objects(given.folder, given.latency_ms / 1e3)
    told = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_address[1]}", **ENVIRONMENT}
    print("\n".join(f"export {name}={shlex.quote(value)}" for name, value in told.items()), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
