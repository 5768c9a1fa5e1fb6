"""The walk through all members of an archive, in steps, and what is kept of it.

Kept are plain arrays: of a walk that goes on, all that is noted of each member; of a complete one, what records need.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...base.strict_json import dumps
from ...formats.webdataset.tar_layout import BLOCK, padded
from ...formats.webdataset.tar_walk import BATCH, Members, TarWalk, joined
from .grouping import LAST_DOT, GroupingFacts, Groups, grouped
from .noted import Noted, Notes

MOST_MEMBERS = 5_000_000
"""Members that are looked at: what is noted of more does not fit into a reader's memory."""

MOST_DAMAGED = 100
"""Damaged places that are passed over."""

MOST_ENDS = 1 << 26
"""Zeros behind the archive's end that are looked through for another archive."""

Arrays = Mapping[str, np.ndarray[Any, Any]]


@dataclass(frozen=True, slots=True)
class ToldOfTar:
    """What the walk says of the archive as a whole: `problem`: what is wrong with it at `position`; `end_mark`: whether
    it is ended as it should; `behind`: the place of another archive behind its end, or -1; `damaged`: (first, end) of
    what was passed over, from a damaged header to the next one that holds."""

    position: int = 0
    ended: bool = False
    problem: str | None = None
    end_mark: bool = False
    behind: int = -1
    damaged: tuple[tuple[int, int], ...] = ()


class TarIndex:
    """What is known of the archive in `memory`, uint8 (bytes,), which is let go once the walk is complete: what was
    decompressed is large."""

    def __init__(self, memory: npt.NDArray[np.uint8], batch: int = BATCH) -> None:
        """`batch`: headers that are gone through between two looks at the clock."""
        self._size = len(memory)
        self._memory = memory
        self._batch = batch
        self._walk = TarWalk(memory, most=MOST_MEMBERS, batch=batch)
        self._members: list[Members] = []
        self._noted: list[Noted] = []
        self._notes = Notes()
        self._groups: Groups | None = None
        self._lengths: npt.NDArray[np.uint16] | None = None
        self._endings: npt.NDArray[np.int64] | None = None
        self._damaged: list[tuple[int, int]] = []
        self.told = ToldOfTar()

    # ---- the walk

    def step(self, seconds: float) -> int:
        """Walk on for about so long; returns how far it is, in bytes, all of them once it is complete."""
        deadline = time.monotonic() + seconds
        while not self.told.ended and time.monotonic() < deadline:
            members = self._walk.step()
            if len(members.headers):
                self._members.append(members)
                self._noted.append(self._notes.of(members, self._memory))
                self._groups = self._lengths = None
            self._pass_damage()
            self.told = self._as_told()
            if self.told.ended:
                self._let_go()
        return self._size if self.told.ended else min(self.told.position, max(self._size - 1, 0))

    def _let_go(self) -> None:
        self._memory = np.empty(0, np.uint8)
        self._walk = TarWalk(self._memory)

    def _as_told(self) -> ToldOfTar:
        walk = self._walk
        behind = self._behind() if walk.ended and walk.end_mark else -1
        return ToldOfTar(walk.position, walk.ended, walk.problem, walk.end_mark, behind, tuple(self._damaged))

    def _pass_damage(self) -> None:
        start = self._walk.position
        if len(self._damaged) < MOST_DAMAGED and self._walk.skip_damage():
            self._damaged.append((start, self._walk.position))

    def _behind(self) -> int:
        """Where another archive begins behind the end of this one, as after `cat a.tar b.tar`."""
        rest = self._memory[self._walk.position : self._walk.position + MOST_ENDS]
        found = np.flatnonzero(rest != 0)[:1]
        return self._walk.position + int(found[0]) // BLOCK * BLOCK if len(found) else -1

    # ---- what is known

    @property
    def members(self) -> Members:
        if len(self._members) != 1:
            self._members = [joined(self._members)]
        return self._members[0]

    @property
    def groups(self) -> Groups:
        if self._groups is None:
            noted = self._all_noted()
            self._groups = grouped(self.members, noted, self._notes.endings)
        return self._groups

    @property
    def key_lengths(self) -> npt.NDArray[np.uint16]:
        """Bytes of each member's key in its name, uint16 (n,)."""
        if self._lengths is None:
            noted, rule = self._all_noted(), self.groups.facts.rule
            self._lengths = noted.last if rule == LAST_DOT else noted.first
        return self._lengths

    def _all_noted(self) -> Noted:
        if not self._noted:
            return self._notes.of(joined([]), self._memory)
        if len(self._noted) > 1:
            self._noted = [Noted(*(np.concatenate(column) for column in zip(*self._noted, strict=True)))]
        return self._noted[0]

    def endings(self) -> dict[str, int]:
        """How many members have which ending, the most frequent first, at most 20."""
        noted = self._endings if self._endings is not None else np.bincount(self._all_noted().endings)
        counts = {self._notes.endings[number]: int(count) for number, count in enumerate(noted.tolist()) if count}
        frequent = sorted(counts.items(), key=lambda pair: -pair[1])[:20]
        return {ending.decode("utf-8", "backslashreplace"): count for ending, count in frequent}

    # ---- what is kept

    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """All that is needed to go on, or to be complete."""
        members = self.members
        told = {name: getattr(members, name) for name in Members._fields}
        state: dict[str, Any] = {
            "told": {name: getattr(self.told, name) for name in ToldOfTar.__slots__},
            "bytes": self._size,
            "endings": [ending.decode("latin-1") for ending in self._notes.endings],
        }
        if self.told.ended:
            groups = self.groups
            told |= {"key_lengths": self.key_lengths, "record_members": groups.members, "record_ends": groups.ends}
            counts = np.bincount(self._all_noted().endings) if self._endings is None else self._endings
            told |= {"turns": groups.turns, "labels": groups.labels, "ending_counts": counts}
            state["facts"] = groups.facts.to_json()
        else:
            noted = self._all_noted()
            told |= {f"noted_{name}": getattr(noted, name) for name in Noted._fields}
        return told | {"state": np.frombuffer(dumps(state).encode(), np.uint8)}

    def use(self, arrays: Arrays) -> None:
        """Go on from such arrays. Raises ValueError or KeyError where they are not of this archive."""
        state = json.loads(arrays["state"].tobytes())
        damaged = [(int(first), int(end)) for first, end in state["told"].pop("damaged")]
        told = ToldOfTar(**state["told"], damaged=tuple(damaged))
        members = Members(*(arrays[name] for name in Members._fields))
        _check_members(members, self._size)
        if state["bytes"] != self._size:
            raise ValueError("the index is that of another archive")
        self._walk = TarWalk(self._memory, told.position, len(members.headers), MOST_MEMBERS, self._batch)
        self._notes = Notes([str(ending).encode("latin-1") for ending in state["endings"]])
        if told.ended:
            self._groups, self._lengths = _checked_groups(arrays, GroupingFacts.from_json(state["facts"]), members)
            self._endings = arrays["ending_counts"][: len(self._notes.endings)]
            self._let_go()
        else:
            noted = Noted(*(arrays[f"noted_{name}"] for name in Noted._fields))
            _check_noted(noted, members)
            self._noted = [noted]
        self._members, self._damaged, self.told = [members], damaged, told

    def record(self, index: int) -> list[int]:
        """The members of a record."""
        groups = self.groups
        start = int(groups.ends[index - 1]) if index else 0
        return [int(member) for member in groups.members[start : int(groups.ends[index])]]

    def stored_bytes(self, members: list[int]) -> int:
        """What members take in the archive, headers and filling included."""
        return sum(BLOCK + padded(int(self.members.sizes[member])) for member in members)


def _check_members(members: Members, size: int) -> None:
    count = len(members.headers)
    kinds = [column.dtype.str for column in members]
    if kinds != ["<i8", "<i8", "<i8", "|u1", "|u1", "<i8"] or any(column.ndim != 1 for column in members):
        raise ValueError("these are no members")
    if any(len(column) != count for column in (members.offsets, members.sizes, members.types, members.name_ends)):
        raise ValueError("members lack something")
    outside = (members.offsets < 0) | (members.sizes < 0) | (members.offsets > size) | (members.headers < 0)
    outside |= (members.sizes > size - members.offsets) & ~np.isin(members.types, list(b"123456"))
    if outside.any():
        raise ValueError("members lie outside of the archive")
    _check_ends(members.name_ends, len(members.names))


def _check_ends(ends: npt.NDArray[np.int64], total: int) -> None:
    """Raises ValueError unless they rise to `total`."""
    if len(ends) and (int(ends[0]) < 0 or (np.diff(ends) < 0).any() or int(ends[-1]) != total):
        raise ValueError("the index is damaged")


def _check_noted(noted: Noted, members: Members) -> None:
    kinds = ["<u2", "<u2", "<u8", "<u8", "<u8", "<u2", "|u1", "<i8"]
    if [column.dtype.str for column in noted] != kinds or any(
        column.shape != members.headers.shape for column in noted
    ):
        raise ValueError("the notes are not about these members")
    _check_lengths(np.maximum(noted.first, noted.last), members)


def _check_lengths(lengths: npt.NDArray[np.uint16], members: Members) -> None:
    if (lengths > np.diff(members.name_ends, prepend=0)).any():
        raise ValueError("a key is longer than its name")


def _checked_groups(arrays: Arrays, facts: GroupingFacts, members: Members) -> tuple[Groups, npt.NDArray[np.uint16]]:
    names = ("record_members", "record_ends", "turns", "labels")
    flat, ends, turns, labels = (arrays[name] for name in names)
    lengths: npt.NDArray[np.uint16] = arrays["key_lengths"]
    if any(column.dtype.str != "<i8" or column.ndim != 1 for column in (flat, ends, turns, labels)):
        raise ValueError("these are no records")
    if not len(ends) == len(turns) == len(labels) or lengths.dtype.str != "<u2" or lengths.shape != members.sizes.shape:
        raise ValueError("records lack something")
    if len(flat) and not (int(flat.min()) >= 0 and int(flat.max()) < len(members.headers)):
        raise ValueError("records have members that are not there")
    if len(ends) and (np.diff(ends, prepend=0) <= 0).any():
        raise ValueError("records have no members")
    _check_ends(ends, len(flat))
    _check_lengths(lengths, members)
    return Groups(flat, ends, turns, labels, facts), lengths
