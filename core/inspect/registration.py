"""What a kind of file says of itself, so that nobody else needs to know it by name.

It stands in the `__init__` of the kind's folder and imports no library, so telling what a file is costs nothing. What
takes code is the kind's class (`records.File`), which is imported only where such a file is opened: in the reader
process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ..base.package import load
from ..base.registry import Registration, Registry

if TYPE_CHECKING:
    from .candidate import UnidentifiedFile
    from .records import Schema

    Detector = Callable[[UnidentifiedFile], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRegistration(Registration):
    """A kind of file as others ask for it.

    schemas: how images are kept in such files, the surest first.
    library: who reads it, for the sentence about a file that crashed it.
    detects: "module:function" that tells a file of this kind for sure, from bytes alone (`candidate.UnidentifiedFile`).
    guesses: the same for a file that nothing else is known of; it is asked after all that detect.
    member: a folder with a file of this name is of this kind; `opens_member`: and that file is what is opened.
    claims: "module:function" that is asked of a folder which has the member, where other kinds have one of that name;
    without a member, of any folder.
    other_members: further names that make a folder one of this kind as `member` does.
    shards: several files of this kind may be opened as one, by their folder or a pattern.
    index: such a file is walked once before it can be read (`records.Indexed`); the number changes whenever what the
    walk notes does, and 0 stands for none.
    any_folder: every other folder is of this kind.
    several_in_one: a file may hold several databases, of which one is chosen as "sub:NAME" or "SCHEMA@NAME".
    structure: "module:function" that draws how such a file is built, resolved by the app; "": its figures as a table.
    """

    schemas: Registry[Schema, Registration]
    library: str = "the reader"
    detects: str = ""
    guesses: str = ""
    member: str = ""
    opens_member: bool = False
    claims: str = ""
    other_members: tuple[str, ...] = ()
    shards: bool = False
    index: int = 0
    any_folder: bool = False
    several_in_one: bool = False
    structure: str = ""

    def is_sure_of(self, candidate: UnidentifiedFile) -> bool:
        return bool(self.detects) and _detector(self.detects)(candidate)

    def may_be(self, candidate: UnidentifiedFile) -> bool:
        return bool(self.guesses) and _detector(self.guesses)(candidate)

    def opened(self, folder: Path) -> Path | None:
        """What is opened of a folder of this kind; None for one that is not."""
        names = (*((self.member,) if self.member else ()), *self.other_members)
        if not names and not self.claims:
            return None
        if names and not any((folder / name).is_file() for name in names):
            return None
        if self.claims and not cast("Callable[[Path], bool]", load(self.claims))(folder):
            return None
        return folder / self.member if self.opens_member else folder


def _detector(where: str) -> Detector:
    return cast("Detector", load(where))


def schemas(of: str, known: Mapping[str, tuple[str, str]]) -> Registry[Schema, Registration]:
    """The schemas of a kind: name -> (module and class in `inspect.schemas`, title)."""
    return Registry(
        f"schema for {of}",
        {name: Registration(f".inspect.schemas.{where}", title) for name, (where, title) in known.items()},
    )


def described_in(folder: str) -> KindRegistration:
    """What the kind of file in this folder, beside this module, says of itself."""
    return cast("KindRegistration", load(f".inspect.{folder}:KIND"))
