"""CIFAR-10's pickled batches: read without executing them, downloaded with resume and checksum."""

from __future__ import annotations

import hashlib
import http.server
import io
import pickle
import re
import tarfile
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.base.errors import InputError, WorkError
from core.base.events import Event, Message, Progress
from core.base.source_contracts import FoundImage
from core.sources import Request, open_source, recognise
from core.sources.cifar10 import CLASSES, URL_VARIABLE

Batch = dict[Any, Any]


def batch(seed: int, count: int = 20) -> Batch:
    """As the official ones are read by Python 3: keys and names are bytes."""
    data = np.random.default_rng(seed).integers(0, 256, (count, 3072), dtype=np.uint8)
    return {b"data": data, b"labels": [index % 10 for index in range(count)], b"batch_label": b"a batch"}


@pytest.fixture
def batches() -> dict[str, Batch]:
    named = {f"data_batch_{number}": batch(number) for number in range(1, 6)} | {"test_batch": batch(9)}
    return {**named, "batches.meta": {b"label_names": [name.encode() for name in CLASSES]}}


@pytest.fixture
def folder(tmp_path: Path, batches: dict[str, Batch]) -> Path:
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for name, content in batches.items():
        (folder / name).write_bytes(pickle.dumps(content, 2))
    return folder


@pytest.fixture
def archive(folder: Path) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as opened:
        opened.add(folder, folder.name)
    return file.getvalue()


def read(path: Path, limit: int | None = None) -> tuple[list[FoundImage], list[Event]]:
    scratch = path.parent / f"scratch-{len(list(path.parent.iterdir()))}"
    scratch.mkdir()
    source = open_source(recognise(str(path)), {}, Request(scratch, scratch, path, limit))
    events = list(source.prepare())
    images = [found for found in source.images() if isinstance(found, FoundImage)]
    assert Counter(image.split for image in images) == source.counts
    source.close()
    return images, events


def test_arrays_become_png_pixel_for_pixel(folder: Path, batches: dict[str, Batch]) -> None:
    assert recognise(str(folder)) == "cifar10"

    images, _ = read(folder)

    assert Counter(image.split for image in images) == {"train": 100, "val": 20}
    found = {(image.split, image.name): image for image in images}
    for split, number, name, row in (
        ("train", 0, "data_batch_1", 0),
        ("train", 47, "data_batch_3", 7),
        ("val", 19, "test_batch", 19),
    ):
        image = found[split, f"{number:05d}.png"]
        expected = batches[name][b"data"][row].reshape(3, 32, 32).transpose(1, 2, 0)
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(image.data))), expected)
        assert image.class_name == CLASSES[row % 10]


def test_classes_are_sorted_by_name(folder: Path) -> None:
    names = ["zebra", *CLASSES[1:]]
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": names}, 4))

    images, _ = read(folder)

    order = [image.class_name for image in images if image.split == "train"]
    assert order == sorted(order)
    assert next(image for image in images if image.name == "00000.png").class_name == "zebra"


def test_batches_of_python_2(folder: Path) -> None:
    """Strings of Python 2 have opcodes of their own."""
    data = bytes(3072)
    content = b"}(U\x06labels]K\x03aU\x04data"
    array = pickle.dumps(np.frombuffer(data, np.uint8).reshape(1, 3072), 2)[2:-1]
    for path in folder.glob("data_batch_*"):
        path.write_bytes(b"\x80\x02" + content + array + b"u.")

    images, _ = read(folder)

    assert [image.class_name for image in images if image.split == "train"] == ["cat"] * 5


def test_the_archive_gives_what_the_folder_gives(tmp_path: Path, folder: Path, archive: bytes) -> None:
    path = tmp_path / "cifar-10-python.tar.gz"
    path.write_bytes(archive)

    assert read(path)[0] == read(folder)[0]


@pytest.mark.parametrize(("limit", "splits"), [(12, {"train": 10, "val": 2}), (60, {"train": 50, "val": 10})])
def test_a_limit_takes_of_every_class(folder: Path, limit: int, splits: dict[str, int]) -> None:
    images, _ = read(folder, limit)

    assert Counter(image.split for image in images) == splits
    assert {image.class_name for image in images} == set(CLASSES)


def test_a_missing_batch_is_said(folder: Path) -> None:
    (folder / "data_batch_4").unlink()
    (folder / "batches.meta").unlink()

    images, events = read(folder)

    assert len(images) == 100
    assert any(isinstance(event, Message) and "data_batch_4" in event.text for event in events)


class Call:
    def __init__(self, marker: Path) -> None:
        self.marker = str(marker)

    def __reduce__(self) -> Any:
        return open, (self.marker, "w")


@pytest.mark.parametrize("name", ["data_batch_3", "batches.meta"])
def test_a_hostile_pickle_is_refused_and_executes_nothing(folder: Path, tmp_path: Path, name: str) -> None:
    marker = tmp_path / "executed"
    (folder / name).write_bytes(pickle.dumps({b"data": Call(marker)}))

    with pytest.raises(InputError, match=rf"{name}: refused: '(_?io|builtins).open'"):
        read(folder)

    assert not marker.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({b"data": np.zeros((2, 3072)), b"labels": [0, 1]}, "not uint8"),
        ({b"data": np.zeros((2, 1024), np.uint8), b"labels": [0, 1]}, "not uint8"),
        ({b"data": np.zeros((2, 3072), np.uint8), b"labels": [0]}, "not as many labels"),
        ({b"data": np.zeros((2, 3072), np.uint8), b"labels": [0, 10]}, "from 0 to 9"),
        ({b"data": np.zeros((2, 3072), np.uint8), b"labels": [0, "cat"]}, "from 0 to 9"),
        ({b"labels": [0]}, "not uint8"),
        ([1, 2], "no dict"),
    ],
)
def test_what_is_no_batch_is_refused(folder: Path, content: Any, said: str) -> None:
    (folder / "data_batch_2").write_bytes(pickle.dumps(content))

    with pytest.raises(InputError, match=said):
        read(folder)


def test_a_truncated_batch_is_refused(folder: Path) -> None:
    path = folder / "data_batch_2"
    path.write_bytes(path.read_bytes()[:5000])

    with pytest.raises(InputError, match=r"data_batch_2: not a whole pickle"):
        read(folder)


# ---------------------------------------------------------------- downloading


class Server:
    """Serves one file; `cut` bytes into an answer it hangs up, as often as `cuts` says."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.cut, self.cuts = 0, 0
        self.ranges = True
        self.status = 200
        self.asked: list[str | None] = []
        self.url = ""


@pytest.fixture
def server(archive: bytes) -> Iterator[Server]:
    told = Server(archive)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            told.asked.append(asked)
            start = int(re.findall(r"\d+", asked)[0]) if asked and told.ranges else 0
            if told.status != 200 or start >= len(told.content):
                self.send_error(416 if told.status == 200 else told.status)
                return
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(told.content) - start))
            self.send_header("Content-Encoding", "x-gzip")  # as some servers do for .tar.gz
            self.end_headers()
            end = start + told.cut if told.cuts else len(told.content)
            told.cuts = max(0, told.cuts - 1)
            self.wfile.write(told.content[start:end])

        def log_message(self, *_: Any) -> None:
            pass

    serving = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{serving.server_port}/cifar-10-python.tar.gz"
    thread = threading.Thread(target=serving.serve_forever, args=(0.02,))
    thread.start()
    yield told
    serving.shutdown()
    thread.join()
    serving.server_close()


class Downloads:
    """Imports from a server, into one folder of downloads."""

    def __init__(self, root: Path, url: str, md5: str) -> None:
        self.root = root
        self.options = {"url": url, "md5": md5}
        self.file = root / "downloads" / "cifar-10-python.tar.gz"
        self.part = root / "downloads" / "cifar-10-python.tar.gz.part"

    def read(self) -> tuple[int, list[Event]]:
        scratch = self.root / f"scratch-{len(list(self.root.iterdir()))}"
        scratch.mkdir()
        source = open_source("cifar10", self.options, Request(scratch, self.root / "downloads"))
        events = list(source.prepare())
        images = sum(source.counts.values())
        source.close()
        return images, events


@pytest.fixture
def downloads(tmp_path: Path, server: Server, archive: bytes) -> Downloads:
    return Downloads(tmp_path, server.url, hashlib.md5(archive).hexdigest())


def test_the_archive_is_downloaded_once_with_progress(downloads: Downloads, server: Server) -> None:
    images, events = downloads.read()

    progress = [event for event in events if isinstance(event, Progress) and event.stage == "downloading"]
    assert images == 120
    assert progress[-1].done == progress[-1].total == len(server.content)
    assert downloads.file.read_bytes() == server.content
    assert not downloads.part.exists()
    downloads.read()
    assert len(server.asked) == 1


def test_a_download_goes_on_from_where_it_broke_off(downloads: Downloads, server: Server) -> None:
    server.cut, server.cuts = 30_000, 1

    with pytest.raises(WorkError, match=r"broke off after 30,000 bytes.*try again to go on"):
        downloads.read()
    assert downloads.part.stat().st_size == 30_000

    assert downloads.read()[0] == 120
    assert server.asked == [None, "bytes=30000-"]


def test_a_server_that_cannot_resume_sends_it_all_again(downloads: Downloads, server: Server) -> None:
    server.cut, server.cuts, server.ranges = 30_000, 1, False

    with pytest.raises(WorkError):
        downloads.read()

    assert downloads.read()[0] == 120


def test_a_part_that_is_whole_already_is_taken(downloads: Downloads, server: Server) -> None:
    downloads.part.parent.mkdir()
    downloads.part.write_bytes(server.content)

    assert downloads.read()[0] == 120


def test_what_has_another_checksum_is_removed(downloads: Downloads, server: Server) -> None:
    server.content = server.content[:-10] + b"0123456789"

    with pytest.raises(WorkError, match=r"has MD5 \w{32} instead of \w{32}"):
        downloads.read()

    assert not downloads.file.exists()
    assert not downloads.part.exists()


def test_a_damaged_download_of_before_is_fetched_again(downloads: Downloads, server: Server) -> None:
    downloads.file.parent.mkdir()
    downloads.file.write_bytes(b"something else")

    assert downloads.read()[0] == 120
    assert len(server.asked) == 1


def test_without_a_checksum_a_warning_says_so(downloads: Downloads) -> None:
    downloads.options["md5"] = ""

    _, events = downloads.read()

    assert any(isinstance(event, Message) and event.level == "warning" and "checksum" in event.text for event in events)


def test_the_address_can_come_from_the_environment(
    downloads: Downloads, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    downloads.options["url"] = ""
    monkeypatch.setenv(URL_VARIABLE, server.url)

    assert downloads.read()[0] == 120


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x.tar.gz", "http://127.0.0.1:1/x.tar.gz"])
def test_offline_the_address_and_the_remedy_are_named(downloads: Downloads, url: str) -> None:
    downloads.options["url"] = url

    with pytest.raises(
        WorkError, match=rf"cannot download {url} \(no connection to the server\); fetch .* import it by its path"
    ) as failed:
        downloads.read()

    assert "\n" not in str(failed.value)


def test_an_address_without_the_file_is_told(downloads: Downloads, server: Server) -> None:
    server.status = 404

    with pytest.raises(WorkError, match="the server says 404 Not Found"):
        downloads.read()


def test_what_is_no_address_is_refused(downloads: Downloads) -> None:
    downloads.options["url"] = "ftp://example.org/x.tar.gz"

    with pytest.raises(InputError, match="must begin with https"):
        downloads.read()


def test_a_download_that_is_closed_leaves_its_part(downloads: Downloads, server: Server) -> None:
    server.content = server.content + bytes(1 << 20)
    scratch = downloads.root / "closed"
    scratch.mkdir()
    events = open_source("cifar10", downloads.options, Request(scratch, downloads.file.parent)).prepare()
    next(events)
    events.close()  # type: ignore[attr-defined]

    assert downloads.part.exists()
    assert not downloads.file.exists()
