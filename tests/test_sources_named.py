"""CIFAR-100, MNIST, Fashion-MNIST, STL-10 and SVHN from small files in their layouts: the right pixels and labels."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import io
import pickle
import struct
import tarfile
import threading
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from core.base.errors import InputError, WorkError
from core.base.events import Event, finish
from core.base.source_contracts import FoundImage, Recognition
from core.importing.named.mnist import FASHION, Mnist
from core.importing.named.official import Official, OfficialFile
from core.importing.named.svhn import Svhn
from core.sources import SOURCES, Request, open_source, recognise

COUNT = 24

Array = npt.NDArray[np.uint8]


def noise(seed: int, *shape: int) -> Array:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


class Read:
    """What a source makes of a path, or of the net where there is none."""

    def __init__(
        self, scratch: Path, path: Path | None, name: str = "", limit: int | None = None, **options: Any
    ) -> None:
        self.name = name or recognise(str(path))
        work = scratch / f"work-{len(list(scratch.iterdir()))}"
        work.mkdir()
        source = open_source(self.name, options, Request(work, scratch / "downloads", path, limit))
        self.events: list[Event] = list(source.prepare())
        self.recognition: Recognition = source.recognition
        self.classes = list(source.classes)
        self.images = [image for image in source.images() if isinstance(image, FoundImage)]
        assert Counter(image.split for image in self.images) == source.counts
        source.close()

    def __getitem__(self, place: tuple[str, int]) -> tuple[Array, str, Mapping[str, Any]]:
        """Pixels, class and fields of an image by split and position."""
        split, position = place
        (image,) = (one for one in self.images if one.split == split and one.name == f"{position:05d}.png")
        return np.asarray(Image.open(io.BytesIO(image.data))), image.class_name, image.fields

    @property
    def said(self) -> str:
        return "\n".join(self.recognition.notes)


def gzipped_tar(folder: Path) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as opened:
        opened.add(folder, folder.name)
    return file.getvalue()


# ---------------------------------------------------------------- CIFAR-100


@pytest.fixture
def cifar(tmp_path: Path) -> Path:
    folder = tmp_path / "cifar-100-python"
    folder.mkdir()
    for seed, name in enumerate(("train", "test")):
        batch = {
            b"data": noise(seed, COUNT, 3072),
            b"fine_labels": [number % 6 for number in range(COUNT)],
            b"coarse_labels": [number % 6 // 3 for number in range(COUNT)],
        }
        (folder / name).write_bytes(pickle.dumps(batch, 2))
    names = {
        b"fine_label_names": [b"zebra", b"ant", b"bee", b"oak", b"elm", b"fir"],
        b"coarse_label_names": [b"beasts", b"trees"],
    }
    (folder / "meta").write_bytes(pickle.dumps(names, 2))
    return folder


@pytest.mark.parametrize("archived", [False, True])
def test_cifar100_has_both_labels(tmp_path: Path, cifar: Path, archived: bool) -> None:
    path = cifar
    if archived:
        path = tmp_path / "cifar-100-python.tar.gz"
        path.write_bytes(gzipped_tar(cifar))

    read = Read(tmp_path, path)

    assert read.name == "cifar100"
    assert read.classes == ["zebra", "ant", "bee", "oak", "elm", "fir"]
    pixels, name, fields = read["val", 16]
    assert (name, fields) == ("elm", {"coarse_label": "trees"})
    np.testing.assert_array_equal(pixels, noise(1, COUNT, 3072)[16].reshape(3, 32, 32).transpose(1, 2, 0))
    assert len(read.images) == 2 * COUNT


def test_cifar100_with_coarse_classes(tmp_path: Path, cifar: Path) -> None:
    read = Read(tmp_path, cifar, label="coarse")

    assert read.classes == ["beasts", "trees"]
    assert read["train", 5][1:] == ("trees", {"fine_label": "fir"})


def test_a_limit_takes_of_every_class_and_split(tmp_path: Path, cifar: Path) -> None:
    read = Read(tmp_path, cifar, limit=12)

    assert Counter((image.split, image.class_name) for image in read.images) == {
        (split, name): 1 for split in ("train", "val") for name in read.classes
    }


def test_a_batch_without_fine_labels_is_refused(tmp_path: Path, cifar: Path) -> None:
    (cifar / "train").write_bytes(pickle.dumps({"data": noise(0, 2, 3072), "labels": [0, 1]}, 2))

    with pytest.raises(InputError, match="train is no batch of CIFAR-100: it has no fine labels"):
        Read(tmp_path, cifar)


# ---------------------------------------------------------------- MNIST


def idx(array: Array) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def put_idx(folder: Path, ending: str) -> None:
    folder.mkdir(parents=True)
    pack = gzip.compress if ending else bytes
    for seed, stem in enumerate(("train", "t10k")):
        (folder / f"{stem}-images-idx3-ubyte{ending}").write_bytes(pack(idx(noise(seed, COUNT, 9, 7))))
        labels = np.arange(COUNT, dtype=np.uint8) % 10
        (folder / f"{stem}-labels-idx1-ubyte{ending}").write_bytes(pack(idx(labels)))


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_mnist_stays_grey_and_its_classes_are_digits(tmp_path: Path, ending: str) -> None:
    put_idx(tmp_path / "data" / "raw", ending)

    read = Read(tmp_path, tmp_path / "data")

    assert read.name == "mnist"
    assert read.classes == list("0123456789")
    for split, seed in (("train", 0), ("val", 1)):
        for position in (0, 13, COUNT - 1):
            pixels, name, _ = read[split, position]
            np.testing.assert_array_equal(pixels, noise(seed, COUNT, 9, 7)[position])
            assert name == str(position % 10)
    assert "--option names=fashion" in read.said


def test_clothes_are_named_where_the_folder_or_an_option_says_so(tmp_path: Path) -> None:
    put_idx(tmp_path / "FashionMNIST" / "raw", ".gz")
    put_idx(tmp_path / "files", ".gz")

    by_folder = Read(tmp_path, tmp_path / "FashionMNIST")
    by_option = Read(tmp_path, tmp_path / "files", names="fashion")

    assert by_folder.name == "fashion_mnist"
    assert by_folder.classes == by_option.classes == list(FASHION)
    assert by_folder["train", 19][1] == "Ankle boot"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("train-labels-idx1-ubyte", None, "has no labels beside it; put train-labels-idx1-ubyte"),
        ("train-labels-idx1-ubyte", idx(np.zeros(3, np.uint8)), "has no 24 labels"),
        ("train-images-idx3-ubyte", idx(noise(0, COUNT, 9, 7))[:-30], "cut short"),
        ("train-images-idx3-ubyte", idx(noise(0, COUNT, 5)), "not images of bytes"),
        (
            "train-images-idx3-ubyte",
            gzip.compress(struct.pack(">BBBB3I", 0, 0, 8, 3, 1 << 30, 9, 7), 9, mtime=0),
            "at most",
        ),
    ],
)
def test_what_is_not_whole_of_mnist_is_refused(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    put_idx(tmp_path / "raw", "")
    (tmp_path / "raw" / name).unlink()
    if content is not None:
        (tmp_path / "raw" / name).write_bytes(content)

    with pytest.raises(InputError, match=said):
        Read(tmp_path, tmp_path / "raw")


def test_images_that_end_early_behind_compression_are_refused(tmp_path: Path) -> None:
    put_idx(tmp_path / "raw", ".gz")
    path = tmp_path / "raw" / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:900])

    with pytest.raises(InputError, match=r"train-images-idx3-ubyte\.gz is damaged: .*; get the file again"):
        Read(tmp_path, tmp_path / "raw")


# ---------------------------------------------------------------- STL-10


@pytest.fixture
def stl(tmp_path: Path) -> Path:
    folder = tmp_path / "stl10_binary"
    folder.mkdir()
    for seed, stem in enumerate(("train", "test")):
        images = noise(seed, 4, 96, 96, 3)
        (folder / f"{stem}_X.bin").write_bytes(images.transpose(0, 3, 2, 1).tobytes())  # planes, column by column
        (folder / f"{stem}_y.bin").write_bytes(bytes([1, 10, 2, 1]))
    (folder / "unlabeled_X.bin").write_bytes(bytes(10))
    return folder


@pytest.mark.parametrize("archived", [False, True])
def test_stl10_is_read_column_by_column(tmp_path: Path, stl: Path, archived: bool) -> None:
    path = stl
    if archived:
        (stl / "unlabeled_X.bin").unlink()
        (stl / "unlabeled_X.bin").symlink_to("elsewhere")  # refused, if it were unpacked
        path = tmp_path / "stl10_binary.tar.gz"
        path.write_bytes(gzipped_tar(stl))

    read = Read(tmp_path, path)

    assert read.name == "stl10"
    assert Counter(image.split for image in read.images) == {"train": 4, "val": 4}
    pixels, name, _ = read["val", 1]
    np.testing.assert_array_equal(pixels, noise(1, 4, 96, 96, 3)[1])
    assert name == "truck"
    assert "unlabeled_X.bin (images without labels) is left out" in read.said


def test_stl10_by_one_of_its_files_with_names_of_its_own(tmp_path: Path, stl: Path) -> None:
    (stl / "class_names.txt").write_text("\n".join(f"kind {number}" for number in range(10)))

    read = Read(tmp_path, stl / "test_X.bin")

    assert Counter(image.split for image in read.images) == {"val": 4}
    assert read["val", 2][1] == "kind 1"


def test_stl10_with_a_label_too_few_is_refused(tmp_path: Path, stl: Path) -> None:
    (stl / "train_y.bin").write_bytes(bytes([1, 2, 3]))

    with pytest.raises(InputError, match=r"train_y\.bin has no 4 labels"):
        Read(tmp_path, stl)


# ---------------------------------------------------------------- SVHN


def matrix(name: str, array: npt.NDArray[Any]) -> bytes:
    """A MATLAB 5 matrix of bytes (class 9), compressed."""

    def element(kind: int, data: bytes) -> bytes:
        return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)

    inside = element(6, struct.pack("<II", 9, 0))
    inside += element(5, np.array(array.shape, np.int32).tobytes()) + element(1, name.encode())
    inside += element(2, array.tobytes(order="F"))
    packed = zlib.compress(struct.pack("<II", 14, len(inside)) + inside)
    return struct.pack("<II", 15, len(packed)) + packed


def put_mat(path: Path, seed: int, labels: list[int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    images = noise(seed, len(labels), 32, 32, 3).transpose(1, 2, 3, 0)
    head = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    path.write_bytes(head + matrix("X", images) + matrix("y", np.array(labels, np.uint8)[:, None]))


LABELS = [1, 10, 2, 9, 10, 3]


@pytest.fixture
def svhn(tmp_path: Path) -> Path:
    for seed, name in enumerate(("train", "test", "extra")):
        put_mat(tmp_path / "svhn" / f"{name}_32x32.mat", seed, LABELS)
    return tmp_path / "svhn"


def test_svhn_has_its_images_along_the_last_axis_and_ten_is_the_digit_zero(tmp_path: Path, svhn: Path) -> None:
    read = Read(tmp_path, svhn)

    assert read.classes == list("0123456789")
    assert Counter(image.split for image in read.images) == {"train": 6, "val": 6}
    for split, seed in (("train", 0), ("val", 1)):
        for position, label in enumerate(LABELS):
            pixels, name, _ = read[split, position]
            np.testing.assert_array_equal(pixels, noise(seed, 6, 32, 32, 3)[position])
            assert name == str(label % 10)
    assert "label 10 of the files is the digit 0" in read.said
    assert [Path(unused.path).name for unused in read.recognition.unused] == ["extra_32x32.mat"]


def test_the_extra_digits_follow_those_of_training(tmp_path: Path, svhn: Path) -> None:
    read = Read(tmp_path, svhn, extra="true")

    assert Counter(image.split for image in read.images) == {"train": 12, "val": 6}
    np.testing.assert_array_equal(read["train", 7][0], noise(2, 6, 32, 32, 3)[1])


def test_one_file_of_svhn_is_one_split(tmp_path: Path, svhn: Path) -> None:
    read = Read(tmp_path, svhn / "test_32x32.mat")

    assert Counter(image.split for image in read.images) == {"val": 6}


def test_labels_that_are_no_digits_are_refused(tmp_path: Path, svhn: Path) -> None:
    put_mat(svhn / "train_32x32.mat", 0, [1, 11])

    with pytest.raises(InputError, match="labels are not numbers from 1 to 10"):
        Read(tmp_path, svhn)


# ---------------------------------------------------------------- from the net


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """(address, the folder that is served)."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(folder))

        def log_message(self, *_: Any) -> None:
            pass

    serving = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=serving.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{serving.server_port}", folder
    serving.shutdown()
    thread.join()
    serving.server_close()


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "svhn", "cifar100", "stl10"])
def test_downloads_by_name(
    tmp_path: Path, served: tuple[str, Path], name: str, cifar: Path, stl: Path, svhn: Path
) -> None:
    address, folder = served
    put_idx(tmp_path / "raw", ".gz")
    for path in (*(tmp_path / "raw").iterdir(), *svhn.iterdir()):
        path.rename(folder / path.name)
    (folder / "packed").write_bytes(gzipped_tar(cifar if name == "cifar100" else stl))
    address += "/packed" if name in ("cifar100", "stl10") else ""

    read = Read(tmp_path, None, name, url=address, checksums="false")

    assert set(Counter(image.split for image in read.images)) == {"train", "val"}
    assert SOURCES[name].named
    with pytest.raises(WorkError, match="has MD5"):
        Read(folder, None, name, url=address)


def test_the_address_can_come_from_the_environment(
    tmp_path: Path, served: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, folder = served
    put_idx(tmp_path / "raw", ".gz")
    files = []
    for path in sorted((tmp_path / "raw").iterdir()):
        files.append(OfficialFile(path.name, hashlib.md5(path.read_bytes()).hexdigest()))
        path.rename(folder / path.name)
    monkeypatch.setenv("FORMAT_MATTERS_MNIST_URL", address)
    monkeypatch.setattr(Mnist, "official", Official("http://127.0.0.1:9", "mirrors.mnist", "mnist", files))

    assert len(Read(tmp_path, None, "mnist").images) == 2 * COUNT


def test_offline_the_address_and_the_remedy_are_named(tmp_path: Path) -> None:
    source = Svhn(url="http://127.0.0.1:9", request=Request(tmp_path, tmp_path / "downloads"))

    with pytest.raises(
        WorkError, match=r"cannot download http://127\.0\.0\.1:9/train_32x32\.mat .* import it by its path"
    ):
        finish(source.prepare())
