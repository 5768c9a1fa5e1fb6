"""The kinds of files that the inspector opens, and which of them a file is.

Each is a folder, whose `__init__` describes it, and one line here. A kind is told from bytes and never from a name, in
pure Python: no native library sees the file yet.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..base.errors import InputError
from ..base.registry import Registry
from ..base.units import listed
from ..formats import FORMATS
from ..formats.folder import BESIDE_SHARDS
from ..stores.manifest import MANIFEST, Manifest
from . import shards
from .candidate import UnidentifiedFile
from .registration import KindRegistration, described_in
from .remote.location import RemotePath, located
from .unsupported import described, unsupported

if TYPE_CHECKING:
    from .records import File

KINDS: Registry[File, KindRegistration] = Registry(
    "kind of file",
    {
        "lmdb": described_in("lmdb"),
        "hdf5": described_in("hdf5"),
        "tar": described_in("tar"),
        "parquet": described_in("parquet"),
        "arrow": described_in("arrow"),
        "store": described_in("store"),
        "idx": described_in("idx"),
        "mat5": described_in("mat5"),
        "safetensors": described_in("safetensors"),
        "cifar": described_in("cifar"),
        "pickle": described_in("pickle"),
        "recordio": described_in("recordio"),
        "mds": described_in("mds"),
        "litdata": described_in("litdata"),
        "beton": described_in("beton"),
        "lance": described_in("lance"),
        "npy": described_in("npy"),
        "npz": described_in("npz"),
        "zarr": described_in("zarr"),
        "tfrecord": described_in("tfrecord"),
        "folder": described_in("folder"),
    },
)


LOOKED_AT = 4
"""Files of a set that are looked into until one is of a known kind."""


@dataclass(frozen=True, slots=True)
class IdentifiedFile:
    """What lies at a path: its kind (a name in `KINDS`) and the path that its reader opens.

    Of several files that are one, `path` is their folder or pattern, `paths` are they, `notes` say what was left out.
    """

    kind: str
    path: Path
    paths: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """The files (or the one folder) that are read."""
        return self.paths or (self.path,)


def identify(path: str | os.PathLike[str]) -> IdentifiedFile:
    """The kind of what lies at `path`. Raises InputError that names what it is instead, where it is none of ours."""
    given = located(path)
    if isinstance(given, RemotePath) and shards.is_pattern(given):
        return _identify_pattern(given)
    try:
        mode = given.stat().st_mode
        if stat.S_ISDIR(mode):
            return _identify_remote_folder(given) if isinstance(given, RemotePath) else _identify_folder(given)
        if not stat.S_ISREG(mode):
            raise InputError(f"{given} is neither a file nor a folder; give {usual()}")
        return _identify_file(given)
    except FileNotFoundError:
        if shards.is_pattern(given) and given.parent.is_dir():
            return _identify_pattern(given)
        raise InputError(f"{given} does not exist; give the path of {usual()}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{given} cannot be read: {reason}") from None


def usual() -> str:
    """What can be given, in a sentence."""
    titles = [kind.title for kind in KINDS.values() if kind.detects]
    return f"an {listed(titles, 'or')} file, or a store"


def kind_of_folder(folder: Path) -> str | None:
    """The kind that a folder is by a file in it, such as an LMDB; None for any other folder. At an address only those
    that are opened by that file."""
    if isinstance(folder, RemotePath):
        there = (name for name, kind in KINDS.items() if kind.opens_member and (folder / kind.member).is_file())
        return next(there, None) if folder.is_dir() else None
    return next((name for name, kind in KINDS.items() if kind.opened(folder) is not None), None)


def opened_path(path: Path) -> Path:
    """The file that is opened where `path` is a folder of a kind that lies in one file; else `path` itself."""
    name = kind_of_folder(path)
    return path if name is None else KINDS[name].opened(path) or path


def members() -> list[str]:
    """The names of files that are opened when the folder that they lie in is given."""
    return [kind.member for kind in KINDS.values() if kind.opens_member]


def referred_folders(path: Path) -> list[Path]:
    """Other folders whose files are shown when `path` is opened: those that a container, or one in it, refers to."""
    if not path.is_dir():
        return []
    folders = [path]
    if (path / MANIFEST).is_file():
        with os.scandir(path) as entries:
            folders += [Path(entry.path) for entry in entries if entry.is_dir()]
    found = [entry.referred_by(folder) for entry in FORMATS.values() if entry.referred for folder in folders]
    return [folder for folder in found if folder is not None]


def _identify_folder(folder: Path) -> IdentifiedFile:
    name = kind_of_folder(folder)
    if name is not None:
        opened = opened_path(folder)
        if opened != folder and _identify_file(opened).kind != name:
            raise InputError(
                f"{opened} is not {KINDS[name].title}, for all its name; inspect that file by its own path"
            )
        return IdentifiedFile(name, opened)
    _check_folder(folder)
    found = identify_shards(folder)
    if found is not None:
        return found
    if next(folder.iterdir(), None) is None:
        raise InputError(f"{folder} is an empty folder; give {usual()}")
    return IdentifiedFile(next(name for name, kind in KINDS.items() if kind.any_folder), folder)


def _identify_remote_folder(folder: RemotePath) -> IdentifiedFile:
    """Shards, or a file that its folder stands for (an LMDB's). Other kinds of folders are not opened at addresses."""
    if (opened := opened_path(folder)) != folder:
        return _identify_file(opened)
    if (folder / MANIFEST).is_file():
        return _identify_remote_store(folder)
    found = identify_shards(folder)
    if found is None:
        raise InputError(
            f"{folder} is a folder without shards of one kind; at an address single files and shards are opened: give "
            "the address of one file, or download the folder"
        )
    return found


def _identify_remote_store(folder: RemotePath) -> IdentifiedFile:
    """The containers of one split of a store: train, or its first."""
    from ..stores.store import Store

    manifest = Manifest.parse((folder / MANIFEST).read_bytes(), str(folder / MANIFEST))
    split = "train" if "train" in manifest.splits else next(iter(manifest.splits))
    containers = Store(folder, split, manifest).containers
    first = identify(containers[0])
    if len(containers) == 1:
        return first
    if not KINDS[first.kind].shards or first.paths:
        raise InputError(f"{folder} is a store in {len(containers)} shards; give the address of one: {containers[0]}")
    opened = [identify(container).path for container in containers]
    return IdentifiedFile(first.kind, folder, tuple(opened[: shards.MOST_SHARDS]))


def _check_folder(folder: Path) -> None:
    """Raises InputError for folders that are databases or stores of another kind."""
    if (folder / "CURRENT").is_file() and next(folder.glob("MANIFEST-*"), None) is not None:
        raise InputError(f"{folder} is a LevelDB or RocksDB, as Caffe may use; copy its entries into an LMDB first")
    if (folder / "lock.mdb").exists():
        raise InputError(f"{folder} holds LMDB's lock file alone; its data.mdb is missing, copy that too")


def _identify_pattern(pattern: Path) -> IdentifiedFile:
    """The files that a pattern names, as one; one that is alone as itself."""
    found = shards.of_pattern(pattern)
    if not found.paths:
        links = f"; {found.links[0]} is a link, and links are not followed" if found.links else ""
        raise InputError(f"{pattern} matches no file{links}; look at the folder's names, or give the folder itself")
    if len(found.paths) == 1 and not found.missing:
        return _identify_file(found.paths[0])
    kind = _kind_among(found.paths)
    if kind is None or not KINDS[kind].shards:
        what = "of no kind known here" if kind is None else f"files of the kind {KINDS[kind].title}"
        raise InputError(f"{pattern} names {len(found.paths):,} files, {what}, which cannot be opened as one; give one")
    return IdentifiedFile(kind, pattern, found.paths, _notes(found))


def identify_shards(folder: Path) -> IdentifiedFile | None:
    """A folder whose files are, for the most part, shards of one kind."""
    groups = [(_kind_among(group.paths), group) for group in shards.in_folder(folder)]
    sizes = Counter[str | None]()
    for kind, group in groups:
        sizes[kind] += sum(path.stat().st_size for path in group.paths)
    kind, size = next(((kind, size) for kind, size in sizes.most_common() if kind and KINDS[kind].shards), (None, 0))
    if kind is None or 2 * size < sizes.total():
        return None
    chosen = [group for other, group in groups if other == kind]
    others = (group.paths[0].name for other, group in groups if other != kind and other is not None)
    left = [name for name in others if name not in BESIDE_SHARDS]
    notes = [note for group in chosen for note in _notes(group)]
    more = f" and {len(left) - 5:,} more" if len(left) > 5 else ""
    notes += [f"not shown, being of another kind, of the same folder: {', '.join(left[:5])}{more}"] if left else []
    paths = tuple(sorted(path for group in chosen for path in group.paths))
    return IdentifiedFile(kind, folder, paths[: shards.MOST_SHARDS], tuple(notes))


def _notes(found: shards.ShardSet) -> tuple[str, ...]:
    """What is wrong with a set of shards by their names alone."""
    told = []
    for what, names in (("missing", found.missing), ("links, which are not followed", found.links)):
        more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
        told += [f"{', '.join(names[:5])}{more}: {what}"] if names else []
    return tuple(told)


def _kind_among(paths: Sequence[Path]) -> str | None:
    """The kind of the first file that is of one; None where none of the first few is."""
    for path in paths[:LOOKED_AT]:
        try:
            return _identify_file(path).kind
        except (InputError, OSError):
            continue
    return None


def _identify_file(path: Path) -> IdentifiedFile:
    with UnidentifiedFile(path) as candidate:
        sure = (name for name, kind in KINDS.items() if kind.is_sure_of(candidate))
        name = next(sure, None)
        if name is None and unsupported(candidate.head) is None:
            name = next((name for name, kind in KINDS.items() if kind.may_be(candidate)), None)
        if name is None:
            raise InputError(f"{path} is {described(candidate.head, usual())}")
    return IdentifiedFile(name, path)
