"""Which stores the answers rule out, whatever was measured: what a file must be for whoever reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from ..base.units import number_text
from .evidence import StoreFacts
from .questions import Answers

VIEWABLE = ("original", "png", "jpeg")
PLAIN_FILTERS = ("none", "gzip")
"""The chunk filters that every HDF5 library has."""


class RuledOut(NamedTuple):
    """A store, and why it is not for these answers."""

    store: str
    reason: str


Rule = Callable[[StoreFacts, Answers], str]


def sift(stores: Iterable[StoreFacts], answers: Answers) -> tuple[list[StoreFacts], list[RuledOut]]:
    """The stores that meet the answers, and the others with the reason."""
    fitting: list[StoreFacts] = []
    ruled_out: list[RuledOut] = []
    for store in stores:
        reason = next((reason for rule in RULES if (reason := rule(store, answers))), "")
        if reason:
            ruled_out.append(RuledOut(store.name, reason))
        else:
            fitting.append(store)
    return _without_many_files(fitting, ruled_out, answers)


def _without_many_files(
    fitting: Sequence[StoreFacts], ruled_out: list[RuledOut], answers: Answers
) -> tuple[list[StoreFacts], list[RuledOut]]:
    """Where files have to travel, a file for each image is no choice as long as there is another."""
    packed = [store for store in fitting if not store.file_an_image]
    if answers.machines == "one" or not packed:
        return list(fitting), ruled_out
    verb = "copy" if answers.machines == "copies" else "open over the network"
    many = [store for store in fitting if store.file_an_image]
    reasons = [
        RuledOut(store.name, f"{number_text(store.files)} files for {number_text(store.samples)} images to {verb}")
        for store in many
    ]
    return packed, [*ruled_out, *reasons]


def _lossy(store: StoreFacts, answers: Answers) -> str:
    if store.lossless or answers.loss == "yes":
        return ""
    return "its pixels are not the source's (lossy or resized), and you answered that pixels may not change"


def _reader(store: StoreFacts, answers: Answers) -> str:
    return _READERS[answers.readers](store)


def _for_programs(store: StoreFacts) -> str:
    if store.compression != "none":
        return f"another program would have to decompress every image first ({store.compression})"
    return ""


def _for_viewers(store: StoreFacts) -> str:
    if store.format != "hdf5":
        return "it is not HDF5"
    if store.encoding != "raw" or store.compression != "none":
        return "its images are encoded bytes, not an array that a viewer shows"
    used = str(store.options.get("filter", "none"))
    return "" if used in PLAIN_FILTERS else f"its chunk filter {used} needs a plugin"


def _for_people(store: StoreFacts) -> str:
    if store.format != "disk":
        return "an image viewer does not open it"
    if store.encoding not in VIEWABLE or store.compression != "none":
        return "its files are not images that a viewer opens"
    return ""


_READERS: dict[str, Callable[[StoreFacts], str]] = {
    "training": lambda store: "",
    "programs": _for_programs,
    "viewers": _for_viewers,
    "people": _for_people,
}


def _network(store: StoreFacts, answers: Answers) -> str:
    if answers.machines == "shared" and store.format == "lmdb":
        return "LMDB's documentation says not to use it on a network drive"
    return ""


RULES: tuple[Rule, ...] = (_lossy, _reader, _network)

WOULD_FIT = {"people": ("disk", "original"), "viewers": ("hdf5", "raw"), "programs": ("hdf5", "original")}
"""What to build for readers whom no store suits: (format, encoding)."""


def would_fit(answers: Answers) -> tuple[str, str]:
    """A format and an encoding that meet the answers."""
    return WOULD_FIT.get(answers.readers, ("hdf5", "original"))
