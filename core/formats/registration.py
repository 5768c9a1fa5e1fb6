"""What a format says of itself, so that nobody else needs to know it by name.

It stands in the `__init__` of the format's folder and imports no library, so listing formats costs nothing. What takes
code (writing, reading, checking options, counting used bytes) is the format's class (`core.base.contracts.Format`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ..base.package import load
from ..base.registry import Registration

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    PayloadSizes = npt.NDArray[np.float64]
    """Bytes, shape (n,)."""

    SizeModel = Callable[[PayloadSizes], PayloadSizes]


@dataclass(frozen=True, slots=True)
class TutorialCode:
    """A tutorial's own code for a format: `where` its class lives, and the `encoding` of ours that keeps images as it
    does, so that the two are compared."""

    where: str
    encoding: str


@dataclass(frozen=True, slots=True)
class ArrayViewers:
    """Scientific tools show such a store as an array where it has this `encoding`, no compression, and `options` that
    every tool can read: option -> (the values that they can, and why not another; `{}` is that value)."""

    encoding: str
    options: Mapping[str, tuple[tuple[str, ...], str]] = field(default_factory=dict)

    def why_not(self, options: Mapping[str, object]) -> str:
        """Why tools do not show a store with these options, or nothing."""
        for name, (plain, reason) in self.options.items():
            value = str(options.get(name, plain[0]))
            if value not in plain:
                return reason.format(value)
        return ""


@dataclass(frozen=True, slots=True)
class ReservedSpace:
    """A file that claims more bytes than it uses: `what` was reserved, `plural` of it, in whole `step` bytes; files
    of `beside` bytes may be counted in. `explanation`: what happens, in a sentence."""

    what: str
    explanation: str
    plural: str
    step: int
    beside: int = 0


@dataclass(frozen=True, slots=True)
class ContainerSigns:
    """How a container is recognised before a library sees it: the `signature` it begins with, a `member` of its
    folder, `endings` (lower case) that its files have."""

    signature: bytes = b""
    member: str = ""
    endings: tuple[str, ...] = ()

    def in_folder(self, path: Path) -> bool:
        """Whether the folder at `path` is one."""
        return bool(self.member) and (path / self.member).is_file()

    def in_file(self, head: bytes, name: str = "") -> bool:
        """Whether a file is one: by its first bytes, or by its name in lower case where it is given."""
        return (bool(self.signature) and head.startswith(self.signature)) or name.endswith(self.endings)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatRegistration(Registration):
    """A format as others ask for it.

    noun: what a store is in a sentence ("an LMDB").
    colour: of its own ("#rrggbb"); the palette's at its place in the registry where there is none.
    sizes: "module:function" of its size model, see `occupied`.
    usual: the demo and the storage experiment take it unless others are asked for.
    refers: unless an option says otherwise its payloads stay where the dataset has them, so that only the imported
    files as they are go (encoding `original`, no compression); its sizes are those of what it adds.
    referred: "module:function" that tells of a folder which other one it refers to as such a container, or None.
    file_per_sample: every sample is a file of its own; else a split is one container.
    mapped: a reader can tell where payloads lie in a map (`core.base.contracts.Mapped`), as a rule.
    random_access: a sample is read without those before it.
    image_viewers: its files open in an image viewer where the encoding makes image files.
    array_viewers: its arrays open in scientific tools; None where they do not.
    other_languages: programs in other languages have a library for it, or need none.
    not_on_network_drives: why it must not lie on one, or nothing.
    layout: how its samples lie, in one sentence; drawing: a small picture of it ("files", "pages", "rows"), or none.
    inspector_kind: the kind under which the Inspector opens its container, "" where it opens the whole store.
    """

    noun: str
    colour: str = ""
    sizes: str
    usual: bool = True
    refers: bool = False
    referred: str = ""
    file_per_sample: bool = False
    mapped: bool = False
    random_access: bool = True
    image_viewers: bool = False
    array_viewers: ArrayViewers | None = None
    other_languages: bool = False
    not_on_network_drives: str = ""
    reserved_space: ReservedSpace | None = None
    tutorial: TutorialCode | None = None
    signs: ContainerSigns = ContainerSigns()
    layout: str = ""
    drawing: str = ""
    inspector_kind: str = ""

    def referred_by(self, folder: Path) -> Path | None:
        """The folder whose files a container at `folder` names; None where it is none, or has all that it names."""
        return cast("Callable[[Path], Path | None]", load(self.referred))(folder) if self.referred else None

    def occupied(self, sizes: PayloadSizes) -> PayloadSizes:
        """Bytes that payloads of these `sizes` (float64 (n,)) occupy in a large store, each with its share of what
        lies between them; an estimate that needs no library and writes nothing."""
        return cast("SizeModel", load(self.sizes))(sizes)


def described_in(folder: str) -> FormatRegistration:
    """What the format in this folder, beside this module, says of itself."""
    return cast("FormatRegistration", load(f".formats.{folder}:FORMAT"))
