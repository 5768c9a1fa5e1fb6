"""Whether two numbers come from the same machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Fact(NamedTuple):
    """One fact that two machines do not share."""

    name: str
    first: Any
    second: Any


def _gigabytes(value: Any) -> Any:
    """A kernel's update takes some megabytes more or less of the same memory."""
    return round(value / 1e9) if isinstance(value, int | float) and not isinstance(value, bool) else value


COMPARED: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "host": ("computer", lambda value: value),
    "processor": ("processor", lambda value: value),
    "cpus_usable": ("usable CPUs", lambda value: value),
    "cpu_quota": ("CPU quota", lambda value: value),
    "memory_bytes": ("memory in GB", _gigabytes),
    "memory_limit_bytes": ("memory limit in GB", _gigabytes),
    "disk": ("disk", lambda value: value),
    "disk_kind": ("kind of disk", lambda value: value),
    "file_system": ("file system", lambda value: value),
    "gpus": ("GPUs", lambda value: value),
}
"""The facts that make a machine another one, with their names for people. Versions of software do not."""


def machine_identity(told: Mapping[str, Any]) -> str | None:
    """Eight hexadecimal digits of all facts that matter, the same as long as none changes; None where none is told."""
    facts = {name: alike(told.get(name)) for name, (_, alike) in COMPARED.items() if told.get(name) is not None}
    if not facts:
        return None
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:8]


def machine_differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Fact]:
    """The facts in which two machines differ. What only one of them tells (an older record) is not held against it;
    a machine of which nothing is told is like no other."""
    if machine_identity(first) is None or machine_identity(second) is None:
        return [Fact("machine", machine_identity(first), machine_identity(second))]
    return [
        Fact(title, alike(first[name]), alike(second[name]))
        for name, (title, alike) in COMPARED.items()
        if first.get(name) is not None and second.get(name) is not None and alike(first[name]) != alike(second[name])
    ]
