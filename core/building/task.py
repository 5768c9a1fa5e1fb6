"""The task that builds a store: beside its target, verified, then renamed into place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ..base.errors import disk_trouble_told
from ..base.events import Event, Message, Result
from ..base.home import Home
from ..base.staging import claim
from ..machine.session import add_to_summary
from .assemble import Assembly
from .build_place import BuildPlace
from .making import LOCAL, STORE, Making
from .recipe import Recipe
from .warned import warned


@dataclass(frozen=True)
class Build:
    """Build a store of an imported dataset.

    `options` go to whichever of format, encoding and compression has an option of that name; `workers` None chooses.
    `engine`: who builds the parts of a store that is cut into several, "local" (processes of this machine) or "ray" (a
    cluster at `address`, without one a cluster of its own on this machine); what is built is the same. `resume`: go on
    with the parts that a build of the same store left behind when it was killed, and leave them when this one is
    interrupted or fails. `out`: make the store at this address
    (`s3://bucket/folder`), in this folder, or, without it, in the home.
    """

    dataset: str
    format: str
    encoding: str = "original"
    compression: str = "none"
    options: Mapping[str, Any] = field(default_factory=dict)
    workers: int | None = None
    force: bool = False
    home: str | None = None
    engine: str = LOCAL
    address: str | None = None
    resume: bool = False
    out: str | None = None

    def run(self) -> Iterator[Event]:
        """Ends with the `build` verb's JSON.

        Raises InputError for what cannot be built (or is built already, or is being built), WorkError where it fails.
        """
        home = Home.find(self.home)
        recipe = Recipe.of(home, self.dataset, self.format, self.encoding, self.compression, self.options)
        place = BuildPlace.of(self.out, recipe, home)
        making = Making(recipe, self.workers, self.engine, self.address, self._asked, place.address, self.resume)
        claimed = claim(place.workplace, place.name, "build", making.goes_on, keep=self.resume)
        with disk_trouble_told("the build"), claimed as scratch:
            place.check(self.force)
            yield from warned(recipe)
            yield from making.run(scratch)
            place.publish(scratch / STORE)
        yield from self._report(home, place, making)

    @property
    def _asked(self) -> Mapping[str, Any]:
        """The fields of a build that goes on with this one in the same home."""
        return {name: value for name, value in asdict(self).items() if name not in ("home", "resume")}

    def _report(self, home: Home, place: BuildPlace, making: Making) -> Iterator[Event]:
        made = making.assembly
        try:
            for split in made.splits:
                add_to_summary(home, _summary_row(made, split))
        except OSError as error:  # the store is whole and stays
            yield Message(f"{place} is built, but not in the session's summary: {error.strerror}", "warning")
        yield Result(
            {
                "store": str(place),
                "dataset": self.dataset,
                "format": self.format,
                "variant": made.recipe.variant,
                "splits": made.splits,
                "checksum": made.checksum,
                "shards": [shard for of_split in made.shards.values() for shard in of_split],
                "verified": True,
                "resumed": making.resumed,
                "repeated": making.repeated,
                **making.conditions,
            }
        )


def _summary_row(made: Assembly, split: str) -> dict[str, Any]:
    told = made.splits[split]
    return {
        "stage": "build",
        "dataset": made.recipe.dataset.name,
        "format": made.recipe.format_name,
        "variant": made.recipe.variant,
        "split": split,
        "items": told["samples"],
        "bytes_on_disk": told["allocated_bytes"],
        "num_files": told["files"],
        "avg_file_size": round(told["apparent_bytes"] / max(1, told["files"])),
        "build_wall_s": round(told["seconds"], 6),
        "payload_bytes": told["payload_bytes"],
        "used_bytes": told["used_bytes"],
        "apparent_bytes": told["apparent_bytes"],
        "checksum": made.checksum,
    }
