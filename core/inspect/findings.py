"""Findings put together: those of one kind are one, with their number and the first places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from .records import Finding

MOST_PLACES = 5
MOST_WHERE = 500
MOST_KINDS = 100

LOSSES = frozenset((
    "behind-the-end", "compression-damaged", "count-differs", "damaged", "devices", "duplicate-keys",
    "failed-downloads", "gzip-unfinished", "index-incomplete", "labels-do-not-fit", "length-damaged", "links",
    "missing-image", "no-end-mark", "no-ending", "not-read", "record-count", "shard-missing", "shard-not-listed",
    "shard-unreadable", "size-differs", "sparse", "truncated", "unfinished", "zeros-at-end", "zlib-unfinished",
))  # fmt: skip
"""Kinds that say that samples or labels are not there, or not all of them: who takes the records away must know it. Of
single records, each says what is wrong with it; the other kinds are about how files are read elsewhere."""


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """One finding of each kind, in the order in which they came; `where` names the first places."""
    kinds: dict[str, Finding] = {}
    places: dict[str, list[str]] = {}
    for one in findings:
        if one.kind not in kinds and len(kinds) >= MOST_KINDS:
            continue
        before = kinds.get(one.kind)
        kinds[one.kind] = one if before is None else replace(before, count=before.count + one.count)
        named = places.setdefault(one.kind, [])
        if one.where and len(named) < MOST_PLACES and one.where not in named:
            named.append(one.where)
    return [replace(one, where="; ".join(places[kind])[:MOST_WHERE]) for kind, one in kinds.items()]


def completed(known: Iterable[Finding], counted: Iterable[Finding]) -> list[Finding]:
    """What was known of a file before its records were read, and what reading all of them has counted: of one kind the
    larger number, since the records that were looked at before are among those."""
    kinds = {one.kind: one for one in known}
    for one in counted:
        before = kinds.get(one.kind)
        kinds[one.kind] = one if before is None or one.count >= before.count else before
    return list(kinds.values())


def of_json(told: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """What `Finding.to_json` has told."""
    return [Finding(**one) for one in told]
