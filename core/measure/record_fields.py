"""What a record's fields have to be, and which of them the pages of each experiment rely on.

A record may be another version's, cut short, or somebody else's. `records` reads it against `SETUP` and `ROW`: whatever
stands under a known name is of its kind, or the row (of the setup: the field) is left out. What an experiment's own
pages cannot do without is asked for where its records become its own type (`runs`, `training.results`,
`storage.rows`), with `LOADER_SETUP` and the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..base.checked_fields import (
    AMOUNT,
    COUNT,
    FLAG,
    NUMBER,
    PLAIN,
    POSITIVE,
    TEXT,
    Fields,
    Kind,
    either,
    fault,
    list_of,
    object_of,
    or_null,
)

STORE = Kind("FORMAT/VARIANT", lambda value: isinstance(value, str) and "/" in value)
ONE = Kind("a whole number from 1 on", lambda value: COUNT.fits(value) and value >= 1)
SOME = Kind("a list with something in it", lambda value: isinstance(value, list) and bool(value))


def _all(kind: Kind, *names: str) -> dict[str, Kind]:
    return dict.fromkeys(names, kind)


ROW: Fields = {
    **_all(TEXT, "store", "format", "variant", "operation", "configuration", "reason", "loader", "transform", "device",
           "output", "split", "cache", "dataset", "path", "order", "model", "pixels", "weights", "includes"),
    **_all(PLAIN, "workers", "workers_asked", "workers_used", "timestamp"),
    **_all(COUNT, "epoch", "steps", "round", "batch_size"),
    **_all(NUMBER, "samples", "split_samples", "val_samples", "bytes", "payload_bytes", "used_bytes", "apparent_bytes",
           "allocated_bytes", "bytes_on_disk", "items", "files", "samples_per_s", "first_batch_s", "wait_share",
           "copy_share", "accuracy", "val_accuracy", "loss", "val_loss", "shuffle_quality",
           "classes_per_batch", "classes", "wall_s", "wait_s", "compute_s", "began", "ended", "step_ms", "cpus"),
    **_all(AMOUNT, "cpu_s", "cpu_s_per_sample", "peak_memory_bytes", "unique", "prepare_s", "of_ceiling",
           "order_distance"),
    **_all(either(NUMBER, list_of(NUMBER)), "seconds", "encoding_s"),
    **_all(or_null(NUMBER), "background_load"),
    **_all(TEXT, "workers_reason", "order_text", "step_failed", "rival_version", "caching_untold"),
    **_all(FLAG, "rival", "disturbed", "again", "reencodes"),
    "workers_tried": list_of(object_of(or_null(PLAIN))),
    "background_loads": list_of(NUMBER),
    "background_programs": object_of(AMOUNT),
    "losses": list_of(or_null(NUMBER)),
    "epochs": list_of(NUMBER),
    "stages": object_of(or_null(NUMBER)),
    "ceilings": object_of(or_null(POSITIVE)),
    "with": list_of(PLAIN),
}  # fmt: skip
"""Of the rows, whatever the experiment."""

BY_KIND: Mapping[str, Fields] = {
    "refused": {"configuration": TEXT, "reason": TEXT},
    "left-out": {"format": TEXT, "variant": TEXT, "operation": TEXT, "samples": NUMBER, "reason": TEXT},
}
"""Kind of row -> what it has to have."""

SETUP: Fields = {
    **_all(TEXT, "experiment", "started", "session", "split", "cache", "step", "model", "transform", "loader", "device",
           "output", "dataset", "file"),
    **_all(list_of(TEXT), "stores", "methods", "orders", "devices", "loaders", "columns", "left_out"),
    **_all(list_of(PLAIN), "worker_counts", "batch_sizes"),
    **_all(COUNT, "rounds", "images", "dataset_images", "samples", "val_samples", "threads", "epochs"),
    **_all(NUMBER, "seconds", "prepare_s", "step_ms", "lr", "momentum", "weight_decay", "seed", "batch_size"),
    **_all(object_of(TEXT), "fingerprints", "versions"),
    **_all(object_of(or_null(NUMBER)), "store_bytes", "ceilings"),
    "datasets": list_of(PLAIN),
    "workers": either(PLAIN, list_of(PLAIN)),
    "configurations": list_of(object_of(or_null(PLAIN))),
    "cutoffs": list_of(ONE),
    "scaling": FLAG,
}  # fmt: skip
"""Of the first line."""

MACHINE: Fields = {
    **_all(TEXT, "time", "identity", "host", "processor", "disk", "disk_kind", "file_system", "gpu_driver", "system",
           "python"),
    **_all(COUNT, "cpus", "cpus_usable"),
    **_all(AMOUNT, "memory_bytes", "memory_limit_bytes", "cpu_quota"),
    "gpus": list_of(TEXT),
    "versions": object_of(TEXT),
}  # fmt: skip
"""Of a session's description of its machine."""

LOADER_SETUP: Fields = {"stores": list_of(STORE), "rounds": ONE, "seconds": NUMBER, "split": TEXT}
LOADER_ROW: Fields = {"store": STORE, "format": TEXT, "samples_per_s": POSITIVE}

STORAGE_SETUP: Fields = {"cutoffs": SOME}
STORAGE_TIME: Fields = {"format": TEXT, "variant": TEXT, "operation": TEXT, "samples": ONE, "seconds": POSITIVE}
STORAGE_ROW: Fields = {**STORAGE_TIME, "seconds": Kind("times", lambda value: SOME.fits(value) and _positive(value))}
STORAGE_SIZES: Fields = _all(
    AMOUNT, "bytes", "payload_bytes", "used_bytes", "allocated_bytes", "apparent_bytes", "files"
)

TRAIN_SETUP: Fields = {
    **_all(TEXT, "model", "loader", "transform"),
    **_all(NUMBER, "lr", "momentum", "weight_decay", "seed"),
    "stores": list_of(TEXT),
}
EPOCHS_SETUP: Fields = {
    "orders": list_of(TEXT), "epochs": ONE, "batch_size": ONE, "workers": PLAIN, "device": TEXT,
}  # fmt: skip
SCALING_SETUP: Fields = {
    "rounds": ONE, "seconds": NUMBER, **_all(SOME, "batch_sizes", "worker_counts", "devices"),
}  # fmt: skip
EPOCH_ROW: Fields = {
    "store": STORE,
    "order": TEXT,
    "epoch": ONE,
    "losses": SOME,
    **_all(AMOUNT, "wait_share", "wait_s", "compute_s", "first_batch_s", "accuracy", "val_accuracy", "shuffle_quality",
           "classes_per_batch"),
    **_all(COUNT, "samples", "val_samples", "steps"),
    "samples_per_s": POSITIVE,
}  # fmt: skip
SCALING_ROW: Fields = {
    "store": STORE, "device": TEXT, "batch_size": ONE, "workers": PLAIN, "samples_per_s": POSITIVE,
    "wait_share": AMOUNT,
}  # fmt: skip


FORMER_FIELDS = {
    "setting": "configuration",
    "settings": "configurations",
    "ways": "methods",
    "others_share": "background_load",
}
FORMER_KINDS = {"turn": "repeat"}
"""What earlier versions called fields and kinds of rows -> what they are called since."""


def renamed(row: Mapping[str, Any]) -> dict[str, Any]:
    """A line of a record of any version by today's names. A former name gives way where both are there."""
    told = {
        FORMER_FIELDS.get(name, name): [renamed(one) if isinstance(one, Mapping) else one for one in value]
        if isinstance(value, list) and name in FORMER_FIELDS
        else value
        for name, value in row.items()
        if FORMER_FIELDS.get(name) not in row
    }
    return {**told, "kind": FORMER_KINDS.get(row["kind"], row["kind"])} if isinstance(row.get("kind"), str) else told


def printed(value: Any) -> Any:
    """Rows, or anything with rows in it, with the field names that the command line prints: those are a contract."""
    if isinstance(value, Mapping):
        return {_PRINTED.get(name, name): printed(part) for name, part in value.items()}
    return [printed(part) for part in value] if isinstance(value, list | tuple) else value


_PRINTED = {now: once for once, now in FORMER_FIELDS.items() if once != "others_share"}


def _positive(values: list[Any]) -> bool:
    return all(POSITIVE.fits(value) for value in values)


def is_sound_row(row: Mapping[str, Any]) -> bool:
    """Whether a row's known fields are of their kinds, and it has what its kind has to have."""
    return fault(row, BY_KIND.get(row["kind"], {}), ROW) is None


def sound(told: Mapping[str, Any], known: Fields) -> dict[str, Any]:
    """The fields without those that are not of their kind."""
    return {name: value for name, value in told.items() if name not in known or known[name].fits(value)}


def has(told: Mapping[str, Any], required: Fields) -> bool:
    return fault(told, required) is None
