"""Controlled comparisons: of all that was or can be measured, the groups in which one factor differs and no other.

The one place of the house that decides what is proposed, what a headline compares and what it calls the difference:
formats at the same encoding first, then encodings in the same format, then everything else that may vary.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from ..base.units import listed
from ..compressions import COMPRESSIONS
from ..encodings import ENCODINGS
from ..formats import FORMATS, keeps_files
from .ranking import Ranking

T = TypeVar("T")

FACTORS: Mapping[str, str] = {
    "format": "format",
    "encoding": "encoding",
    "compression": "compression",
    "code": "code",
    "layout": "options of the format",
    "loader": "loader",
    "workers": "workers",
    "batch_size": "batch size",
    "transform": "transform",
    "device": "device",
    "output": "output",
    "order": "order",
}
"""What two configurations may differ in, in the order in which comparisons are told: factor -> what people call it."""

TUTORIAL = "tutorial"
RIVAL = "rival"
"""Stands among the factors of what another's loader loads from its own container."""

CONTAINER = ("format", "layout", "code")
"""What a rival brings with its loader: it is compared as a whole, container and loader together, so beside one these
count as the loader's."""

MOST_TOLD = 3
"""Comparisons that a headline tells."""

Factors = Mapping[str, str]
Key = tuple[str | None, ...]


# ---------------------------------------------------------------- what something differs in


def store_factors(format: str, variant: str) -> dict[str, str]:
    """Of "lmdb" and "raw-zstd": format, encoding, compression, options of the format, and whose code it is."""
    if variant == TUTORIAL:
        code = FORMATS[format].tutorial if format in FORMATS else None
        kept = code.encoding if code else TUTORIAL  # so that it is held against ours that does the same
        return {"format": format, "encoding": kept, "compression": "none", "layout": "", "code": TUTORIAL}
    encoding, compression, rest = _parts(variant)
    encoding_options, layout = _without_layout(format, rest)
    if compression == "none":
        encoding += encoding_options
    else:
        compression += encoding_options
    return {"format": format, "encoding": encoding, "compression": compression, "layout": layout, "code": "ours"}


def _parts(variant: str) -> tuple[str, str, str]:
    """(encoding with its options, compression, what follows); without a compression everything behind the encoding's
    name follows, as it cannot be told from here whose option it is."""
    names = sorted((name for name in COMPRESSIONS if name != "none"), key=len, reverse=True)
    for name in names:
        before, found, after = f"{variant}-".partition(f"-{name}-")
        if found and before:
            return before, name, f"-{after[:-1]}" if after else ""
    encoding = next((name for name in ENCODINGS if variant == name or variant.startswith(f"{name}-")), variant)
    return encoding, "none", variant[len(encoding) :]


def _without_layout(format: str, options: str) -> tuple[str, str]:
    """Options as a variant's name has them ("-size224-group4"), those of the format apart."""
    own = FORMATS.options(format) if format in FORMATS else {}
    kept: list[str] = []
    layout: list[str] = []
    for token in filter(None, options.split("-")):
        chosen = any(token in map(str, option.choices or ()) for option in own.values())
        mine = chosen or any(token.startswith(name) and token[len(name) :].isdigit() for name in own)
        (layout if mine else kept).append(token)
    return "".join(f"-{token}" for token in kept), "-".join(layout)


def row_factors(row: Mapping[str, Any]) -> dict[str, str]:
    """Of a row of any record, or a store as it is told: what it says of the factors. Workers are those asked for. A
    rival's row has `RIVAL` as well."""
    format, variant = str(row.get("format", "")), str(row.get("variant", ""))
    if not variant and "/" in str(row.get("store", "")):
        format, variant = str(row["store"]).split("/", 1)
    told = {name: str(row[name]) for name in FACTORS if row.get(name) is not None and name != "format"}
    if "workers_asked" in row:
        told["workers"] = str(row["workers_asked"])
    rival = {RIVAL: told["loader"]} if row.get(RIVAL) is True and "loader" in told else {}
    return {**told, **store_factors(format, variant), **rival}


def differing(one: Factors, other: Factors) -> tuple[str, ...]:
    """The factors in which two things differ, in the order of `FACTORS`. Of a rival and another loader the container is
    no factor of its own (`CONTAINER`)."""
    found = [name for name in FACTORS if one.get(name) != other.get(name)]
    whole = "loader" in found and (RIVAL in one or RIVAL in other)
    return tuple(name for name in found if not (whole and name in CONTAINER))


def differing_text(names: Sequence[str]) -> str:
    """ "format and encoding"; "nothing" where there is none."""
    return listed(FACTORS[name] for name in names) or "nothing"


def differing_note(one: Factors, other: Factors) -> str:
    """ " (format and encoding differ)", to stand behind a comparison; nothing where no factor differs."""
    names = differing(one, other)
    if names == ("loader",) and (RIVAL in one or RIVAL in other):
        return " (container and loader differ together)"
    return f" ({differing_text(names)} {'differs' if len(names) == 1 else 'differ'})" if names else ""


# ---------------------------------------------------------------- groups in which one factor differs


@dataclass(frozen=True)
class Group(Generic[T]):
    """Two things or more that share every factor but one; `shared` has the values of all factors but that, and `RIVAL`
    where some of several loaders are rivals, each a container and a loader together."""

    factor: str
    shared: Factors
    members: Sequence[T]


def groups(things: Iterable[T], factors_of: Callable[[T], Factors]) -> list[Group[T]]:
    """Every controlled comparison among these, by the order of factors; of one factor the largest first, then as
    encodings and formats stand in their tables."""
    many = [(thing, factors_of(thing)) for thing in things]
    found: list[Group[T]] = []
    for factor in FACTORS:
        of_factor = [
            Group(factor, _shared(factor, [factors for _, factors in members]), [thing for thing, _ in members])
            for members in _alike(factor, many)
            if len({factors.get(factor) for _, factors in members}) > 1
        ]
        found += sorted(of_factor, key=_worth)
    return found


def _alike(factor: str, many: Sequence[tuple[T, Factors]]) -> list[list[tuple[T, Factors]]]:
    """Those that share every factor but this one. Where loaders are compared, rivals join those of ours that do the
    same with the same encoding, whatever the format; without any of ours they are compared with each other."""
    apart = factor == "loader"
    found: dict[Key, list[tuple[T, Factors]]] = {}
    rivals: dict[Key, list[tuple[T, Factors]]] = {}
    for thing, factors in many:
        if apart and RIVAL in factors:
            rivals.setdefault(_key(factors, factor, *CONTAINER), []).append((thing, factors))
        else:
            found.setdefault(_key(factors, factor), []).append((thing, factors))
    for key, members in rivals.items():
        joined = [ours for ours in found.values() if _key(ours[0][1], factor, *CONTAINER) == key]
        for ours in joined:
            ours += members
        if not joined:
            found[(*key, RIVAL)] = list(members)
    return list(found.values())


def _key(factors: Factors, *without: str) -> Key:
    return tuple(factors.get(name) for name in FACTORS if name not in without)


def _shared(factor: str, members: Sequence[Factors]) -> dict[str, str]:
    """What the members of a group have in common; of ours where there are rivals beside them."""
    apart = factor == "loader"
    rivals = next(({RIVAL: str(len(members))} for told in members if apart and RIVAL in told), {})
    first = next((told for told in members if RIVAL not in told), None) if apart else members[0]
    left_out = (factor, RIVAL) if first else (factor, RIVAL, *CONTAINER)
    return {name: value for name, value in (first or members[0]).items() if name not in left_out} | rivals


def _worth(group: Group[Any]) -> tuple[int, int, int, int]:
    """What makes a comparison come first."""
    shared = group.shared
    return (
        -len(group.members),
        _place(list(ENCODINGS), shared.get("encoding", "").split("-")[0]),
        _place(list(COMPRESSIONS), shared.get("compression", "")),
        _place(list(FORMATS), shared.get("format", "")),
    )


def _place(names: Sequence[str], name: str) -> int:
    return names.index(name) if name in names else len(names)


def proposed(things: Sequence[T], factors_of: Callable[[T], Factors], most: int | None = None) -> list[T]:
    """What a form chooses at first: the first controlled comparison there is, else the first thing alone."""
    found = groups(things, factors_of)
    return list(found[0].members)[:most] if found else list(things[:1])


def selection_text(things: Sequence[T], factors_of: Callable[[T], Factors]) -> str:
    """What differs within a selection, as a sentence: whether its comparison is a controlled one."""
    told = [factors_of(thing) for thing in things]
    names = _differing_among(told)
    if len(told) < 2 or not names:
        return ""
    if len(names) == 1:
        return f"One factor differs: the {FACTORS[names[0]]}."
    text = f"{len(names)} factors differ: {differing_text(names)}. "
    if not groups(things, factors_of):
        return text + "No two of these differ in one factor only, so no difference can be traced to one."
    return text + "The result compares those that differ in one."


def _differing_among(told: Sequence[Factors]) -> list[str]:
    """The factors of which these have several values; a rival's container is no factor beside its loader."""
    ours = [factors for factors in told if RIVAL not in factors]
    several = {name for name in CONTAINER if len({factors.get(name) for factors in ours}) > 1}
    others = {name for name in FACTORS if name not in CONTAINER and len({factors.get(name) for factors in told}) > 1}
    return [name for name in FACTORS if name in several | others]


# ---------------------------------------------------------------- who leads in a group


class RankedMember(NamedTuple, Generic[T]):
    """A member and its values, as they were measured."""

    member: T
    values: Sequence[float]


@dataclass(frozen=True)
class GroupRanking(Ranking[RankedMember[T]], Generic[T]):
    """The members of a group, the best median first."""

    group: Group[T]
    places: Sequence[RankedMember[T]]
    more: bool

    def baseline(self, factors_of: Callable[[T], Factors]) -> RankedMember[T] | None:
        """The plain files, where formats are compared and these are neither the best nor the runner-up."""
        near = (self.best, self.runner_up)
        return next(
            (
                place
                for place in self.places
                if self.group.factor == "format" and keeps_files(factors_of(place.member).get("format"))
                and place not in near and self.is_behind(place)
            ),
            None,
        )  # fmt: skip


def rank(group: Group[T], values_of: Callable[[T], Sequence[float]], *, more: bool) -> GroupRanking[T]:
    """Rank a group by values of which `more` are better, or fewer."""
    places = [RankedMember(member, list(values_of(member))) for member in group.members]
    places.sort(key=lambda place: statistics.median(place.values), reverse=more)
    return GroupRanking(group, places, more)
