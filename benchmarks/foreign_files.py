"""Files of images as people have them, made of a folder of JPEGs: what `benchmarks.foreign` loads."""

from __future__ import annotations

import hashlib
import io
import pickle
import tarfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import lmdb
import numpy as np
from PIL import Image

LARGEST = 1 << 38


class CIFAR_Image:  # noqa: N801 - the tutorial's name, which is in the pickles
    """What a tutorial pickles: an image's bytes, its size and its label."""

    def __init__(self, image: np.ndarray, label: int) -> None:
        self.channels = image.shape[2]
        self.size = image.shape[:2]
        self.image = image.tobytes()
        self.label = label

    def get_image(self) -> np.ndarray:
        """The pixels, (height, width, channels)."""
        return np.frombuffer(self.image, np.uint8).reshape(*self.size, self.channels)


Samples = Sequence[tuple[bytes, int]]
"""(JPEG file, label) each."""


def samples_in(images: Path, limit: int, seed: int = 0) -> Samples:
    """The files of class folders, mixed."""
    classes = sorted(folder for folder in images.iterdir() if folder.is_dir())
    files = [(path, label) for label, folder in enumerate(classes) for path in sorted(folder.iterdir())]
    order = np.random.default_rng(seed).permutation(len(files))[:limit]
    return [(files[place][0].read_bytes(), files[place][1]) for place in order]


def pixels_of(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def _entries(path: Path, entries: Iterable[tuple[bytes, bytes]]) -> None:
    with lmdb.open(str(path), map_size=LARGEST, sync=False) as environment, environment.begin(write=True) as writing:
        for key, value in entries:
            writing.put(key, value)


def pickled(path: Path, samples: Samples) -> None:
    """An LMDB in the tutorials' layout."""
    made = (pickle.dumps(CIFAR_Image(pixels_of(data), label)) for data, label in samples)
    _entries(path, ((f"{number:08}".encode("ascii"), value) for number, value in enumerate(made)))


def jpegs(path: Path, samples: Samples) -> None:
    """An LMDB of JPEG files under their hashes, as LSUN's."""
    _entries(path, ((hashlib.sha1(b"%d" % number + data).hexdigest().encode(), data)
                    for number, (data, _) in enumerate(samples)))  # fmt: skip


def arrays(path: Path, samples: Samples) -> None:
    """An HDF5 of two datasets, as h5py writes arrays."""
    with h5py.File(path, "w") as file:
        file["images"] = np.stack([pixels_of(data) for data, _ in samples])
        file["labels"] = [label for _, label in samples]


def shard(path: Path, samples: Samples) -> None:
    """A tar in WebDataset's layout."""
    with tarfile.open(path, "w") as archive:
        for number, (data, label) in enumerate(samples):
            for ending, content in (("jpg", data), ("cls", b"%d" % label)):
                member = tarfile.TarInfo(f"{number:08}.{ending}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))


@dataclass(frozen=True, slots=True)
class Layout:
    """title: in the table; file: its name; make: writes it; own: the encoding of a store of ours with the same
    payloads; usual: the function in `benchmarks.foreign_usual` that loads it the usual way."""

    title: str
    file: str
    make: Callable[[Path, Samples], Any]
    own: str
    usual: str


LAYOUTS = (
    Layout("LMDB, pickled as in tutorials", "pickled.lmdb", pickled, "raw", "PickledEntries"),
    Layout("LMDB of JPEG files", "jpegs.lmdb", jpegs, "original", "JpegEntries"),
    Layout("HDF5, images and labels", "images.h5", arrays, "raw", "Hdf5Rows"),
    Layout("tar, WebDataset", "images.tar", shard, "original", "TarMembers"),
)
