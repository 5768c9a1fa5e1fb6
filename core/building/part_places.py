"""Where the parts of a store are kept while it is made: in a folder that all who build write to, or at an address."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..base.checked_fields import AMOUNT, COUNT, TEXT, check, object_of
from ..base.contracts import Format, Sizes
from ..base.errors import InputError
from ..base.files import Unreadable, read_object
from ..base.strict_json import dumps
from ..formats.shards import Joined
from ..remote.errors import RemoteMissing
from ..stores.manifest import MANIFEST, Manifest
from .plan import PlannedPart
from .publish import settle

if TYPE_CHECKING:
    from ..remote.files import RemoteFiles

PART = "part.json"
PARTS_THERE = ".parts"
"""At an address, the folder of what lies beside the containers until the store is put together."""

_PLAN = f"{PARTS_THERE}/plan"


@dataclass(frozen=True)
class PartResult:
    """A part that is built. `seconds`: to write it; `noting_s`: processor seconds that entry points took; `indexed`:
    the samples that have some; `files`: XXH3-128 of the container's files by path below the part's folder, but for
    those of single samples."""

    name: str
    container: str
    samples: int
    sizes: Sizes
    seconds: float
    noting_s: float
    indexed: int
    files: dict[str, str]

    def json(self) -> str:
        return dumps(asdict(self))

    @classmethod
    def of(cls, told: dict[str, Any]) -> PartResult:
        """Raises Unreadable for what is not what `json` wrote."""
        check(told, _PART_FIELDS)
        try:
            return cls(**{**told, "sizes": Sizes(**told["sizes"])})
        except TypeError as error:
            raise Unreadable(f"{PART} is not as this version writes it ({error})") from None


_PART_FIELDS = {
    **dict.fromkeys(("name", "container"), TEXT),
    **dict.fromkeys(("samples", "indexed"), COUNT),
    **dict.fromkeys(("seconds", "noting_s"), AMOUNT),
    "sizes": object_of(COUNT),
    "files": object_of(TEXT),
}


class PartPlace(Protocol):
    """Keeps parts. Travels to other processes and machines."""

    def attempt(self, planned: PlannedPart) -> Path:
        """A new folder to build a part in, which whoever builds it removes."""
        ...

    def built(self, planned: PlannedPart) -> PartResult | None:
        """The part that is there already, complete; None where it is not."""
        ...

    def keep(self, attempt: Path, planned: PlannedPart, result: PartResult, form: Format) -> PartResult:
        """Keep what was built in a folder. Where another attempt came first, that one may count, which is the same."""
        ...


@dataclass(frozen=True)
class PartFolder:
    """Parts in folders of their names below `folder`. `lasting`: another build may go on with them, so a part that has
    its name is on the disk, whatever happens to the machine."""

    folder: Path
    lasting: bool = False

    def attempt(self, planned: PlannedPart) -> Path:
        made = self.folder / f".{planned.name}.{os.getpid()}-{secrets.token_hex(4)}"
        made.mkdir(parents=True)
        return made

    def built(self, planned: PlannedPart) -> PartResult | None:
        try:
            return PartResult.of(read_object(self.folder / planned.name / PART))
        except Unreadable:
            return None

    def keep(self, attempt: Path, planned: PlannedPart, result: PartResult, form: Format) -> PartResult:
        (attempt / PART).write_text(result.json(), "utf-8")
        if self.lasting:
            settle(attempt)
        try:
            attempt.rename(self.folder / planned.name)
        except OSError:
            there = self.built(planned)
            if there is None:
                raise
            return there
        return result


@dataclass(frozen=True)
class PartsAtAddress:
    """Containers at their place in the store at `address`; what lies beside them below `.parts`, `part.json` last.

    An object is written whole or not at all, and who builds a part again writes the same bytes over it.
    """

    address: str

    def attempt(self, planned: PlannedPart) -> Path:
        return Path(tempfile.mkdtemp(prefix=f"{planned.name}."))

    def built(self, planned: PlannedPart) -> PartResult | None:
        path = f"{PARTS_THERE}/{planned.name}/{PART}"
        try:
            data = self._files.read(path, 0, self._files.stat(path).size)
            return PartResult.of(dict(json.loads(data)))
        except (RemoteMissing, Unreadable, ValueError, TypeError):
            return None

    def keep(self, attempt: Path, planned: PlannedPart, result: PartResult, form: Format) -> PartResult:
        for file in sorted(path for path in attempt.rglob("*") if path.is_file()):
            name = file.relative_to(attempt).as_posix()
            beside = not _is_of_store(name, planned, result, form)
            self._files.put(file, f"{PARTS_THERE}/{planned.name}/{name}" if beside else name)
        self._files.put_bytes(result.json().encode(), f"{PARTS_THERE}/{planned.name}/{PART}")
        return result

    def bring(self, planned: PlannedPart, folder: Path) -> None:
        """What lies beside the container of a part into its folder below `folder`."""
        prefix = f"{PARTS_THERE}/{planned.name}"
        for entry in self._files.listing(prefix):
            target = folder / planned.name / entry.path.removeprefix(f"{prefix}/")
            target.parent.mkdir(parents=True, exist_ok=True)
            self._files.fetch(entry.path, target)

    @property
    def name(self) -> str:
        """The address, as it may be shown."""
        return self._files.name()

    def make_room(self, force: bool) -> None:
        """Remove the store that is there, its manifest first, so that no half of one is ever listed.

        Raises InputError where there is one without `force`, or one that cannot be read.
        """
        try:
            size = self._files.stat(MANIFEST).size
        except RemoteMissing:
            return
        if not force:
            raise InputError(f"{self.name} is built already; --force builds it again")
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / MANIFEST).write_bytes(self._files.read(MANIFEST, 0, size))
            told = Manifest.load(Path(folder))
        containers = {shard["path"] for shards in told.shards.values() for shard in shards}
        own = [entry.path for entry in self._files.listing() if entry.path in told.files
               or any(entry.path == one or entry.path.startswith(f"{one}/") for one in containers)]  # fmt: skip
        self._remove([MANIFEST, *own])

    def goes_on(self, digest: str) -> bool:
        """Whether what a killed build has left there is of the plan of this digest."""
        try:
            size = self._files.stat(_PLAN).size
            return self._files.read(_PLAN, 0, size) == digest.encode()
        except RemoteMissing:
            return False

    def begin(self, digest: str, going_on: bool) -> None:
        """Note which plan is built; clear away what others have left."""
        if not going_on:
            self.clear()
        self._files.put_bytes(digest.encode(), _PLAN)

    def publish(self, store: Path) -> None:
        """What was put together in `store` to the address, and at last its manifest, which makes a store of it; then
        what it was made of is removed."""
        for file in sorted(path for path in store.rglob("*") if path.is_file()):
            if (name := file.relative_to(store).as_posix()) != MANIFEST:
                self._files.put(file, name)
        self._files.put(store / MANIFEST, MANIFEST)
        self.clear()

    def clear(self) -> None:
        """Remove what lies there of a build beside the store."""
        self._remove([entry.path for entry in self._files.listing(PARTS_THERE)])

    def _remove(self, paths: Sequence[str]) -> None:
        for path in paths:
            self._files.remove(path)

    @cached_property
    def _files(self) -> RemoteFiles:
        from ..remote.files import RemoteFiles

        return RemoteFiles(self.address)

    def __getstate__(self) -> dict[str, str]:
        return {"address": self.address}


def _is_of_store(name: str, planned: PlannedPart, result: PartResult, form: Format) -> bool:
    """Whether this file of a part is one of the store's own: of its container, or, where containers are joined, its
    shard."""
    inside = name == result.container or name.startswith(f"{result.container}/")
    return inside and (not isinstance(form, Joined) or name.startswith(f"{result.container}/{planned.split}-"))
