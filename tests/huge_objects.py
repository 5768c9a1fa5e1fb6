"""Objects far larger than any disk, served by ranges over HTTP on loopback, made from a formula."""

from __future__ import annotations

import io
import re
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests import thrift


@dataclass
class HugeObject:
    """`size` bytes, of which `read(start, stop)` makes any; `requests` and `sent` are counted. Behind place `most`
    bodies are empty, whatever their headers say."""

    size: int
    read: Callable[[int, int], bytes]
    requests: int = 0
    sent: int = 0
    most: int | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: {"ETag": '"1"'})


def of_pieces(size: int, pieces: Mapping[int, bytes]) -> HugeObject:
    """Zeros, with some pieces in them."""

    def read(start: int, stop: int) -> bytes:
        made = bytearray(stop - start)
        for place, piece in pieces.items():
            first, last = max(start, place), min(stop, place + len(piece))
            if first < last:
                made[first - start : last - start] = piece[first - place : last - place]
        return bytes(made)

    return HugeObject(size, read)


def huge_tar(images: list[bytes], size: int, member: int = 1 << 20) -> HugeObject:
    """Members of `member` bytes each: the images over and over, as "00000000.png", with zeros behind them."""
    stride = 512 + member

    def block(number: int) -> bytes:
        about = tarfile.TarInfo(f"{number:08}.png")
        about.size = member
        return about.tobuf(tarfile.USTAR_FORMAT) + images[number % len(images)].ljust(member, b"\0")

    def read(start: int, stop: int) -> bytes:
        first, last = start // stride, -(-stop // stride)
        whole = b"".join(block(number) for number in range(first, last))
        return whole[start - first * stride :][: stop - start]

    return HugeObject(size // stride * stride, read)


def huge_parquet(groups: list[pa.Table], apart: int) -> HugeObject:
    """Row groups that lie `apart` bytes from each other, the footer as far behind the last."""
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, groups[0].schema, compression="none", use_dictionary=False) as writer:
        for table in groups:
            writer.write_table(table)
    whole = sink.getvalue()
    length = int.from_bytes(whole[-8:-4], "little")
    about = pq.read_metadata(io.BytesIO(whole))
    starts = [about.row_group(number).column(0).data_page_offset for number in range(len(groups))]
    ends = [*starts[1:], len(whole) - 8 - length]
    footer = _moved(whole[-8 - length : -8], apart)
    pieces = {0: whole[:4]} | {
        start + number * apart: whole[start:end] for number, (start, end) in enumerate(zip(starts, ends, strict=True))
    }
    tail = footer + len(footer).to_bytes(4, "little") + b"PAR1"
    place = ends[-1] + len(groups) * apart
    return of_pieces(place + len(tail), {**pieces, place: tail})


def _moved(footer: bytes, apart: int) -> bytes:
    """A footer whose row groups lie elsewhere. Fields by their numbers in parquet.thrift: row_groups 4, columns 1,
    file_offset 2 of a column and 5 of a group, meta_data 3, data_page_offset 9."""
    about = thrift.read_struct(io.BytesIO(footer))
    for number, group in enumerate(about[4][1][1]):
        for column in group[1][1][1]:
            column[3][1][9] = thrift.I64, column[3][1][9][1] + number * apart
            column[2] = thrift.I64, 0
        if 5 in group:
            group[5] = thrift.I64, group[5][1] + number * apart
    return thrift.written(about)


@contextmanager
def served(objects: Mapping[str, HugeObject]) -> Iterator[str]:
    """The address of a server of these objects."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, body: bool) -> None:
            one = objects.get(self.path.lstrip("/"))
            if one is None:
                self.send_error(404)
                return
            one.requests += 1
            found = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
            start, stop = (int(found[1]), min(int(found[2]) + 1, one.size)) if found else (0, one.size)
            data = one.read(start, stop) if body and (one.most is None or stop <= one.most) else b""
            one.sent += len(data)
            self.send_response(206 if found else 200)
            told = {"Accept-Ranges": "bytes", "Content-Length": str(stop - start)}
            told |= {"Content-Range": f"bytes {start}-{stop - 1}/{one.size}"} if found else {}
            for name, value in (told | dict(one.headers)).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)
            self.close_connection = len(data) < stop - start

        def log_message(self, *_: Any) -> None:
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
