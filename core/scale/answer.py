"""The plan: what was measured, what is assumed and what is asked for, put together by the model."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..base.errors import InputError
from ..formats.shards import MB, MOST_SHARDS
from ..machine import machine_facts
from ..processes.cpus import usable_cpus
from .assumptions import HERE, SourcedValue, Surroundings, surroundings
from .build_time import build_time
from .cost import costs
from .epoch_time import epoch_time
from .kept_rates import KeptRates
from .rates import ScaleRequest

MOST_IMAGES = 10**13
USUAL_MB = 256
"""MB of a part where nothing is said."""

CACHE_SHARE = 0.75
"""Of a machine's memory that the page cache may have."""

BESIDE_FILES = 2
"""Files a split beside its parts: checksums and labels. The manifest is one more, of the store."""


@dataclass(frozen=True)
class ScaleQuestion:
    """What is asked. `cpus`: of a node, None for as many as here. `shards` or `shard_mb` say how a store is cut, 0 and
    0 for `USUAL_MB`, or more where names have not digits enough. `build_workers`: processes of one machine that build,
    None for one a CPU."""

    images: Sequence[int]
    nodes: int = 1
    cpus: int | None = None
    storage: str = HERE
    assume: Mapping[str, Any] | None = None
    shards: int = 0
    shard_mb: float = 0.0
    epochs: int = 1
    gpu_images_s: float | None = None
    build_workers: int | None = None

    def check(self) -> None:
        """Raises InputError for numbers that cannot be."""
        if not self.images:
            raise InputError("how many images? Give --images, 1e6,1e8,1e9 say")
        for name, value in (("nodes", self.nodes), ("cpus-per-node", self.cpus), ("epochs", self.epochs)):
            if value is not None and not 1 <= value <= 10**6:
                raise InputError(f"--{name} {value}: give a number from 1 to 1,000,000")
        if any(not 1 <= count <= MOST_IMAGES for count in self.images):
            raise InputError(f"--images: each is a whole number from 1 to {MOST_IMAGES:,}")
        if self.gpu_images_s is not None and not 0 < self.gpu_images_s < math.inf:
            raise InputError(f"--gpu-images-s {self.gpu_images_s:g}: give images per second, above 0")
        if self.shards < 0 or not 0 <= self.shard_mb < math.inf or (self.shards and self.shard_mb):
            raise InputError("give --shards or --shard-mb, not both, from 0 on")


def scale_plan(question: ScaleQuestion, kept: KeptRates, home_root: Any) -> dict[str, Any]:
    """The `plan` verb's JSON: `build`, `epoch`, `bytes`, `cost` and `binds` of the first number of images, `scales`
    with these of each, `assumptions`, `measured` and `notes`. Raises InputError for what cannot be asked."""
    question.check()
    around = surroundings(question.storage, question.assume or {}, measured_here(kept, home_root))
    scales = [_scale(count, question, kept, around) for count in question.images]
    first = {name: value for name, value in scales[0].items() if name != "images"}
    cpus = question.cpus or usable_cpus()
    return {
        "images": scales[0]["images"],
        "nodes": question.nodes,
        "cpus_per_node": cpus,
        "storage": question.storage,
        **first,
        "scales": scales,
        "assumptions": [*around.rows(), *_facts(question, kept, cpus)],
        "measured": kept.where,
        "loading": kept.loading,
        "notes": list(kept.notes),
    }


def measured_here(kept: KeptRates, home_root: Any) -> dict[str, SourcedValue]:
    """The assumptions that this machine tells instead."""
    disk = kept.disk
    found = {
        "read_mb_s": SourcedValue(disk.read_mb_s, kept.where),
        "write_mb_s": SourcedValue(disk.write_mb_s, kept.where),
        "latency_ms": SourcedValue(disk.latency_ms, kept.where),
    }
    facts = machine_facts(home_root)
    memory = min((facts[name] for name in ("memory_bytes", "memory_limit_bytes") if facts[name]), default=None)
    if memory:
        held = SourcedValue(round(memory * CACHE_SHARE / 1e9, 1), f"{CACHE_SHARE:.0%} of this machine's memory")
        found["memory_gb"] = held
    return found


def parts_of(images: int, stored: float, question: ScaleQuestion) -> int:
    """Into how many parts a store is cut. Raises InputError where names have not digits enough."""
    if question.shards:
        return min(question.shards, images)
    mb = question.shard_mb or max(USUAL_MB, 2 * images * stored / MB / MOST_SHARDS)
    parts = math.ceil(images * stored / (mb * MB))
    if parts >= MOST_SHARDS:
        raise InputError(
            f"--shard-mb {mb:g} makes {parts:,} shards of {images:,} images, and names have digits for "
            f"{MOST_SHARDS - 1:,}: give {math.ceil(images * stored / MB / (MOST_SHARDS - 1)):,} or more"
        )
    return max(1, min(parts, images))


def _scale(images: int, question: ScaleQuestion, kept: KeptRates, around: Surroundings) -> dict[str, Any]:
    image = kept.images
    request = ScaleRequest(
        images=images,
        parts=parts_of(images, image.stored, question),
        nodes=question.nodes,
        cpus=question.cpus or usable_cpus(),
        epochs=question.epochs,
        gpu_images_s=question.gpu_images_s,
        build_workers=question.build_workers,
    )
    rates = dataclasses.replace(kept.build, cut_s=0.0) if question.shards else kept.build
    build = build_time(request, image, rates, around)
    epoch = epoch_time(request, image, kept.load, around)
    files = images if image.writes_files else request.parts
    return {
        "images": images,
        "build": build,
        "epoch": epoch,
        "bytes": {
            "source": round(images * image.source),
            "payload": round(images * image.payload),
            "stored": round(images * image.stored),
            "files": files + BESIDE_FILES + 1,
        },
        "cost": costs(build, epoch, images * image.stored, request.nodes, around),
        "binds": {"build": build["binds"]["text"], "epoch": epoch["binds"]["text"]},
    }


def _facts(question: ScaleQuestion, kept: KeptRates, cpus: int) -> list[dict[str, Any]]:
    """What the plan rests on beside the surroundings: what was measured of images, and what was asked for."""
    measured = [
        ("image_source_bytes", kept.images.source, "bytes", "a file that a build reads, on average"),
        ("image_stored_bytes", kept.images.stored, "bytes", "an image in the store, on average"),
        ("build_cpu_s", kept.build.image_s, "s", "one CPU builds an image, all CPUs busy"),
        ("build_alone", kept.build.alone, "times", "as fast where the other CPUs are idle"),
        ("build_part_s", kept.build.part_s, "s", "a part, beside its images"),
        ("build_start_s", kept.build.start_s, "s", "a build by several processes, beside its parts"),
        ("build_commit_s", kept.build.commit_s, "s", "an image, in the one process that commits the store"),
        ("build_cut_s", kept.build.cut_s, "s", "an image, there, where parts are planned by their size"),
        ("load_cpu_s", kept.load.near_s, "s", "one CPU loads an image of a store that its cache holds"),
        ("load_far_cpu_s", kept.load.far_s, "s", "the same, of a store that it does not hold"),
        ("load_first_cpu_s", kept.load.first_s, "s", "what an image takes longer in the first epoch"),
        ("load_open_s", kept.load.open_s, "s", "an image of the store, to open it"),
        ("load_order_s", kept.load.order_s, "s", "an image of an epoch, to draw its order, on each node"),
        ("load_start_s", kept.load.start_s, "s", "the first epoch, beside its images"),
    ]
    rows = [_row(name, value, unit, kept.where, about) for name, value, unit, about in measured]
    where = "given" if question.cpus else "this machine's"
    rows.append(_row("cpus_per_node", cpus, "CPUs", where, "CPUs of a node, as fast as this machine's"))
    cut = "given" if question.shards or question.shard_mb else "assumed"
    mb = question.shard_mb or (0 if question.shards else USUAL_MB)
    rows.append(_row("shard_mb", mb, "MB", cut, "MB of a part; more where names have not digits enough; 0: by shards"))
    return rows


def _row(name: str, value: float, unit: str, where: str, about: str) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "from": where, "about": about}
