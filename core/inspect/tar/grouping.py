"""Which members are one record, and what that shows of the archive's health.

Members of one key are one record, wherever in the archive they lie. A name that comes a second time begins a second
record of its key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from ...base import checksums
from ...formats.webdataset.tar_walk import Members
from .noted import HIDDEN, NO_LABEL, NOTE, SAMPLE, Hashes, Noted, Numbers

IMAGES = frozenset(
    b"jpg jpeg jpe jfif png webp gif bmp tif tiff ppm pgm pbm pnm npy npz npx pyd pkl pickle pth pt ten tb mp msgpack "
    b"raw bin avif heic jxl jp2 exr hdr ico tga dcm zst lz4 gz".split()
)
"""Endings of members that may hold an image, in small letters."""

PICKLED = frozenset((b"pyd", b"pkl", b"pickle"))

FIRST_DOT, LAST_DOT = "first", "last"

SHORT = 16
"""Members of a record up to which they are compared with each other in place of sorting all."""


@dataclass(frozen=True, slots=True)
class GroupingFacts:
    """Numbers of members or records. runs: samples that webdataset makes, of neighbours whose key is the same;
    interleaved: records whose members do not lie side by side; repeated: records of a name that came before; dotted:
    names that two rules split differently; rule: by which they are split here; cased: keys that differ in case alone;
    upper: fields with capital letters; no_image: records in which no member is called like an image, where most have
    one; pickled: members that are pickles by their names; notes, hidden: members that are passed over; undotted: those
    without an ending that are passed over. first_...: the member where it comes first (-1: nowhere)."""

    runs: int = 0
    interleaved: int = 0
    first_interleaved: int = -1
    repeated: int = 0
    first_repeated: int = -1
    dotted: int = 0
    first_dotted: int = -1
    rule: str = FIRST_DOT
    cased: int = 0
    first_cased: int = -1
    upper: int = 0
    first_upper: int = -1
    no_image: int = 0
    first_no_image: int = -1
    pickled: int = 0
    first_pickled: int = -1
    notes: int = 0
    first_notes: int = -1
    hidden: int = 0
    undotted: int = 0
    first_undotted: int = -1

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> GroupingFacts:
        """Raises ValueError for anything else."""
        kinds = {one.name: str if one.name == "rule" else int for one in fields(cls)}
        if told.keys() != kinds.keys() or any(type(told[name]) is not kind for name, kind in kinds.items()):
            raise ValueError("these are no facts of an archive")
        return cls(**told)


@dataclass(frozen=True, slots=True)
class Groups:
    """The records: `members`, int64 (m,), those of the first record in their order, then of the next; `ends`: int64
    (n,), where in it each record ends; `turns`: int64 (n,), how many records of its key come before; `labels`: int64
    (n,)."""

    members: Numbers
    ends: Numbers
    turns: Numbers
    labels: Numbers
    facts: GroupingFacts


def grouped(members: Members, noted: Noted, endings: Sequence[bytes]) -> Groups:
    """The records of these members."""
    counted: dict[str, Any] = {}
    there = noted.roles == SAMPLE
    undotted = there & (noted.first == _lengths(members))
    if 2 * int(undotted.sum()) < int(there.sum()):
        _count(counted, "undotted", np.flatnonzero(undotted))
        there &= ~undotted
    shown = np.flatnonzero(there)
    dotted = shown[noted.first[shown] != noted.last[shown]]
    _count(counted, "dotted", dotted)
    rule = counted["rule"] = _rule(members, noted, dotted) if len(dotted) else FIRST_DOT
    keys = (noted.first_key if rule == FIRST_DOT else noted.last_key)[shown]
    in_order = noted.first_key[shown]
    counted["runs"] = int((in_order[1:] != in_order[:-1]).sum()) + 1 if len(shown) else 0
    turns = _turns(keys, noted.whole[shown])
    order, ends = _sorted_groups(keys + turns.astype(np.uint64) * np.uint64(0x2545F4914F6CDD1D))
    flat = shown[order]
    firsts = np.concatenate([[0], ends[:-1]]).astype(np.int64) if len(ends) else ends
    spans = order[ends - 1] - order[firsts] + 1
    _count(counted, "interleaved", flat[firsts[spans != ends - firsts]])
    record_turns = turns[order[firsts]]
    _count(counted, "repeated", flat[firsts[record_turns > 0]])
    _count_endings(counted, members, noted, endings, flat, firsts)
    _count(counted, "notes", np.flatnonzero(noted.roles == NOTE))
    counted["hidden"] = int((noted.roles == HIDDEN).sum())
    _count(counted, "cased", _cased(members, noted, keys, shown, rule))
    told = np.where(noted.first == noted.last, noted.labels, NO_LABEL) if rule == FIRST_DOT else noted.labels
    labels = np.maximum.reduceat(told[flat], firsts) if len(firsts) else np.empty(0, np.int64)
    return Groups(flat, ends, record_turns, labels, GroupingFacts(**counted))


def _count(counted: dict[str, Any], what: str, found: Numbers) -> None:
    """The number of what was found, and the first member of it."""
    counted[what] = len(found)
    counted[f"first_{what}"] = int(found.min()) if len(found) else -1


def _lengths(members: Members) -> Numbers:
    return np.diff(members.name_ends, prepend=0)


def _sorted_groups(keys: Hashes) -> tuple[Numbers, Numbers]:
    """(places in the order of the groups, where each group ends): groups in the order of their first places."""
    if not len(keys):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    begins = _begins(keys)
    if _side_by_side(keys, begins):
        return np.arange(len(keys)), np.append(begins[1:], len(keys))
    by_key = np.argsort(keys, kind="stable")
    starts = _begins(keys[by_key])
    rank = np.argsort(np.argsort(by_key[starts], kind="stable"), kind="stable")
    sizes = np.diff(np.append(starts, len(keys)))
    order = by_key[np.argsort(np.repeat(rank, sizes), kind="stable")]
    in_order = np.empty_like(sizes)
    in_order[rank] = sizes
    return order, np.cumsum(in_order)


def _begins(keys: Hashes) -> Numbers:
    """The places at which another key begins than the one before; there is one at least."""
    return np.append(0, np.flatnonzero(keys[1:] != keys[:-1]) + 1)


def _side_by_side(keys: Hashes, begins: Numbers) -> bool:
    """Whether each key stands in one place alone, as it should."""
    ordered = np.sort(keys[begins])
    return not bool((ordered[1:] == ordered[:-1]).any())


def _turns(keys: Hashes, whole: Hashes) -> Numbers:
    """How often each name came before."""
    none = np.zeros(len(whole), np.int64)
    if not len(whole):
        return none
    begins = _begins(keys)
    longest = int(np.diff(np.append(begins, len(keys))).max())
    if longest <= SHORT and _side_by_side(keys, begins):
        twice = any((whole[by:] == whole[:-by]).any() for by in range(1, longest))
        if not twice:
            return none
    order = np.argsort(whole, kind="stable")
    starts = _begins(whole[order])
    turns = np.empty(len(whole), np.int64)
    turns[order] = np.arange(len(whole)) - np.repeat(starts, np.diff(np.append(starts, len(whole))))
    return turns


def _rule(members: Members, noted: Noted, dotted: Numbers) -> str:
    """By which dot names are split that have several: the first one where what follows it comes again and again, as
    the names of fields do ("left.png"), or has no digit; else the last one ("22.05.png" is no field)."""
    looked = dotted[np.linspace(0, len(dotted) - 1, min(len(dotted), 10_000)).astype(np.int64)]
    fields, keys = set(), set()
    digits = False
    for index in looked.tolist():
        name = members.name(index)
        between = name[int(noted.first[index]) + 1 : int(noted.last[index])]
        fields.add(name[int(noted.first[index]) + 1 :])
        keys.add(int(noted.first_key[index]))
        digits |= any(0x30 <= byte <= 0x39 for byte in between)
    recurs = len(keys) > 1 and 2 * len(fields) <= len(looked)
    return FIRST_DOT if recurs or not digits else LAST_DOT


def _count_endings(
    counted: dict[str, Any], members: Members, noted: Noted, endings: Sequence[bytes], flat: Numbers, firsts: Numbers
) -> None:
    pickled = _called(noted, flat, [ending.lower() in PICKLED for ending in endings])
    _count(counted, "pickled", flat[pickled])
    _count(counted, "upper", flat[_called(noted, flat, [ending != ending.lower() for ending in endings])])
    images = _called(noted, flat, [ending.lower() in IMAGES for ending in endings])
    has = np.logical_or.reduceat(images, firsts) if len(firsts) else np.empty(0, bool)
    none = flat[firsts[~has]] if 2 * int(has.sum()) > len(has) else np.empty(0, np.int64)
    _count(counted, "no_image", none)


def _called(noted: Noted, flat: Numbers, which: list[bool]) -> npt.NDArray[np.bool_]:
    """Which members have one of these endings."""
    return np.array([*which, False], bool)[np.minimum(noted.endings[flat], len(which))]


def _cased(members: Members, noted: Noted, keys: Hashes, shown: Numbers, rule: str) -> Numbers:
    """Members with which a key begins that differs from an earlier one in case alone."""
    if not len(shown) or not ((members.names >= 0x41) & (members.names <= 0x5A)).any():
        return np.empty(0, np.int64)
    lengths = noted.first if rule == FIRST_DOT else noted.last
    _, places = np.unique(keys, return_index=True)
    firsts = shown[np.sort(places)]
    seen: set[int] = set()
    found = []
    for index in firsts.tolist():
        key = checksums.of_bytes(members.name(index)[: int(lengths[index])].lower())
        if key in seen:
            found.append(index)
        seen.add(key)
    return np.array(found, np.int64)
