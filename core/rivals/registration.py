"""What a rival says of itself. It is read in the rival's own environment too: the standard library has to be enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..base.registry import Registration

if TYPE_CHECKING:
    from .inside.samples import Samples
    from .inside.work import RivalWork

TORCH = "torch==2.13.0"
DECODERS = ("pillow==13.0.0", "simplejpeg==1.9.0", "imagecodecs==2026.3.6")
"""What most environments have alike: the same decoders decode the same bytes."""

OWN = ""
"""The environment of what runs with this program's own Python: ours alone."""

ENCODINGS = ("jpeg", "png", "raw")
"""What the samples of a comparison may be stored as: files of one of two kinds, or bare pixels of one shape."""

TRANSFORMS = ("none", "train224")
"""None, or torchvision's RandomResizedCrop(224) with its defaults and a flip of every second image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentSpec:
    """A Python environment that rivals run in.

    steps: the arguments of one `pip install` each, in this order; every distribution pinned.
    module: the module that has to be importable once it is installed.
    commands: programs that installing or running it needs ("g++").
    libraries: names by which pkg-config knows the libraries that it needs ("opencv4").
    shared_libraries: shared libraries that it loads, without "lib" and ending ("avutil").
    packages: Debian's packages that bring these commands and libraries.
    python: the oldest and the newest version of Python that it installs with: (3, 11), (3, 13).
    gpu: whether it needs an NVIDIA GPU.
    bytes: what it occupies, about, with PyTorch's build for processors where it brings PyTorch.
    """

    name: str
    steps: tuple[tuple[str, ...], ...]
    module: str
    commands: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    shared_libraries: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    python: tuple[tuple[int, int], tuple[int, int]] = ((3, 11), (3, 13))
    gpu: bool = False
    bytes: int = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RivalRegistration(Registration):
    """A rival: `where` is its `RivalAdapter`, which only the rival's own process imports.

    container: what it keeps images in, a word for rows and tables ("tar", "mds", "files").
    licence: SPDX identifier. distribution: whose installed version is told ("" for none).
    environment: the name of its `EnvironmentSpec`; `OWN` for this program's Python.
    description: how it makes a batch, a sentence without its full stop.
    fair: which options a fair comparison sets, and why.
    encodings, transforms, outputs, devices: what it can do, of `ENCODINGS`, `TRANSFORMS`, and as a loader's.
    reencodes: it stores images in a lossy encoding of its own making, so its pixels are not the dataset's.
    threads: its workers are threads; else processes. inline: it may have no worker at all.
    usual: whether it is the usual configuration of its library, and not a variant that is raced where it is asked for.
    variables: environment variables of its process.
    settings: fields of its adapter, in which variants of a rival differ.
    """

    container: str
    licence: str
    home_page: str
    distribution: str
    environment: str
    description: str
    fair: str
    encodings: tuple[str, ...] = ENCODINGS
    transforms: tuple[str, ...] = TRANSFORMS
    outputs: tuple[str, ...] = ("float32",)
    devices: tuple[str, ...] = ("cpu",)
    reencodes: bool = False
    threads: bool = False
    inline: bool = True
    usual: bool = True
    variables: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """The folder of `core.rivals` that it lies in."""
        return self.where.partition(":")[0].split(".")[-2]


Epochs = Callable[[], Iterator[tuple[Any, Any]]]
"""Starts one shuffled epoch of (images, tickets): (B, 3, H, W) and integers (B,), tensors or arrays."""


class RivalAdapter(Protocol):
    """What runs in a rival's own process. An implementation is a dataclass of the registration's `settings`.

    The label that it stores with a sample is the sample's ticket (`inside.samples`), and so is the label that it hands
    out: whose pixels these are said to be can then be checked at no cost to anybody.
    """

    def prepare(self, samples: Samples, folder: Path) -> None:
        """Write its container of all samples below `folder`, which is empty."""
        ...

    def open(self, samples: Samples, folder: Path, work: RivalWork) -> Epochs:
        """Open the container. Images are as `work.output` says, normalised by `inside.work`'s MEAN and STD."""
        ...
