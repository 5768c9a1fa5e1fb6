"""Where a finished store is to lie: in the home, in a folder, or at an address."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ..base.contracts import Referring
from ..base.errors import InputError
from ..base.home import Home
from ..stores.store import WORKPLACE
from .part_places import PartsAtAddress
from .publish import publish, restore
from .recipe import Recipe


@dataclass(frozen=True)
class BuildPlace:
    """A folder, or an address (`address`), and the claim on it: `name` in `workplace`, where it is made."""

    folder: Path
    workplace: Path
    name: str
    address: PartsAtAddress | None = None

    @classmethod
    def of(cls, out: str | None, recipe: Recipe, home: Home) -> BuildPlace:
        """Raises InputError for an address that is none, or where this format makes no sense at one."""
        name = f"{recipe.dataset.name}.{recipe.format_name}.{recipe.variant}"
        if out is None:
            return cls(recipe.target(home), home.built / WORKPLACE, name)
        from ..remote.address import check_address, is_address

        if not is_address(out):
            folder = Path(out).expanduser().absolute()
            return cls(folder, folder.parent / WORKPLACE, folder.name)
        if isinstance(recipe.format, Referring) and not recipe.format.keeps_payloads:
            raise InputError("a CSV manifest at an address would name files of this machine: give --option copy=true")
        address = check_address(out)
        digest = hashlib.sha256(address.encode("utf-8", "surrogatepass")).hexdigest()[:12]
        return cls(home.built, home.built / WORKPLACE, f"{name}.{digest}", PartsAtAddress(address))

    def __str__(self) -> str:
        return self.address.name if self.address else str(self.folder)

    def check(self, force: bool) -> None:
        """Raises InputError where something is there that must stay. With `force` a store at an address is removed."""
        if self.address:
            self.address.make_room(force)
            return
        restore(self.folder)
        if self.folder.exists() and not force:
            raise InputError(f"{self.folder} is built already; --force builds it again")

    def publish(self, made: Path) -> None:
        """What was made on this machine to where it is to lie; at an address it is there already."""
        if not self.address:
            publish(made, self.folder)
