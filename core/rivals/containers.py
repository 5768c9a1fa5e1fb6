"""A rival's container of exported samples: written once, by the rival, in a process of its own."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from ..base.errors import disk_trouble_told
from ..base.home import Home
from ..base.staging import claim
from ..base.strict_json import dumps
from ..stores.manifest import Manifest
from . import RIVALS
from .exported import Exported
from .process import RivalLimits, RivalProcess
from .registration import OWN

PREPARED = "prepared.json"
IMAGES = "images"


@dataclass(frozen=True)
class Prepared:
    """A container. seconds: what writing it took. bytes, files: of what was written. version: its library's."""

    folder: Path
    seconds: float
    bytes: int
    files: int
    version: str


def prepared_container(
    name: str, exported: Exported, home: Home, limits: RivalLimits | None = None, python: Path | None = None
) -> Prepared:
    """The rival's container of these samples, which is written where it is not there yet. Of ours that is the store.

    Raises `handed.RivalFailed`, WorkError where the disk refuses; nothing half-made is left.
    """
    if RIVALS[name].environment == OWN and RIVALS[name].container == "store":
        return _built(exported)
    target = home.rivals / "containers" / name / exported.key
    if (found := _found(target)) is not None:
        return found
    with (
        disk_trouble_told("preparing the container"),
        claim(target.parent / ".making", exported.key, "preparing") as at,
    ):
        (at / IMAGES).mkdir()
        with RivalProcess(name, exported, limits, python) as process:
            process.begin()
            seconds, version = process.prepare(at / IMAGES), process.version
        sizes = [file.stat().st_size for file in (at / IMAGES).rglob("*") if file.is_file()]
        made = Prepared(target / IMAGES, seconds, sum(sizes), len(sizes), version)
        (at / PREPARED).write_text(dumps({**asdict(made), "folder": IMAGES}))
        if not target.exists():
            at.rename(target)
            at.mkdir()  # the claim removes its own
    return made


def _found(target: Path) -> Prepared | None:
    try:
        told = json.loads((target / PREPARED).read_text())
    except (OSError, ValueError):
        return None
    return Prepared(**{**told, "folder": target / IMAGES})


def _built(exported: Exported) -> Prepared:
    """A store of ours, as its manifest tells it."""
    split = Manifest.load(exported.store).splits[exported.split]
    return Prepared(exported.store, float(split["seconds"]), int(split["apparent_bytes"]), int(split["files"]), "")
