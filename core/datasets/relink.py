"""The folder that a dataset's references start from, when it has moved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..base import checksums
from ..base.contracts import Row
from ..base.errors import InputError, WorkError, disk_trouble_told
from ..base.files import write_whole
from ..base.home import Home, check_name
from ..base.names import readable
from ..base.staging import claim
from ..base.strict_json import dumps
from ..base.typed_paths import typed_path
from ..remote.address import check_address, is_address, shown
from .dataset import Dataset
from .image_reader import ImageReader
from .index import REFERENCE

LOOKED_AT = 64
"""Images of each split whose files must be there with the sizes they had."""

COMPARED = 16
"""Of those, so many are read and compared with their checksums."""


def relink(home: Home, name: str, folder: str) -> dict[str, object]:
    """Let the dataset `name` refer to `folder`, where what it was imported from lies now.

    Returns `dataset`, `reference` (the folder), `was` (the one before) and `compared` (files looked at).

    Raises:
        InputError: it refers to nothing, or the folder has not the files that were imported; the first is named.
        WorkError: the disk refuses.
    """
    dataset = Dataset.open(home, check_name(name))
    if dataset.reference_root is None:
        raise InputError(f"{name} has copies of its images and refers to no folder: there is nothing to relink")
    root: Path | str = check_address(folder) if is_address(folder) else typed_path(folder).absolute()
    if isinstance(root, Path) and not root.is_dir():
        raise InputError(f"{readable(root)} is no folder: give the one that the images were moved to")
    if isinstance(root, str) and not all(source.path == "" for source in dataset.sources):
        raise InputError(f"{name} refers to records of containers, which are not read at addresses: copy them here")
    compared = _compared(dataset, root)
    with disk_trouble_told("relinking"), claim(home.raw / ".importing", name, "import"):
        write_whole(dataset.root / REFERENCE, dumps({"root": str(root)}).encode())
    return {"dataset": name, "reference": str(root), "was": str(dataset.reference_root), "compared": compared}


def _compared(dataset: Dataset, root: Path | str) -> int:
    """The number of files that were looked at and are what they were."""
    reader, number = ImageReader(root, dataset.sources), 0
    for source in dataset.sources:
        if source.path:
            _check_size(reader, source.path, source.size if source.size >= 0 else None)
    for number, row in enumerate(_looked_at(dataset), 1):
        inside = row.place is not None and max(row.place.offset, row.place.record) >= 0
        if not inside:
            _check_size(reader, row.path, row.bytes)
        if number % (LOOKED_AT // COMPARED) == 1 and not _is_same(reader, row):
            raise InputError(f"{reader.name(row)} is not the image that was imported")
    reader.close()
    return number


def _looked_at(dataset: Dataset) -> Iterator[Row]:
    for split in dataset.splits:
        last = dataset.splits[split] - 1
        for position in sorted({0, last, *dataset.sample_positions(split, k=LOOKED_AT)}):
            yield dataset.row(split, position)


def _check_size(reader: ImageReader, path: str, size: int | None) -> None:
    """Raises InputError where there is nothing at `path` below the root, or something of another size."""
    try:
        found = reader.size_of(path)
    except OSError as error:
        raise InputError(
            f"{_named(reader.root)} has no {readable(path)} ({error.strerror}): give the folder that has what was "
            "imported"
        ) from None
    if size is not None and found != size:
        raise InputError(f"{_named(reader.root)}/{readable(path)} has {found:,} bytes where {size:,} were imported")


def _named(root: Path | str) -> str:
    return shown(root) if isinstance(root, str) else readable(root)


def _is_same(reader: ImageReader, row: Row) -> bool:
    try:
        data = reader.read(row)
    except (OSError, WorkError):
        return False
    return len(data) == row.bytes and (not row.checksum or checksums.of_bytes(data) == row.checksum)
