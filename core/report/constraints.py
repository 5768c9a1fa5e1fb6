"""Which stores the answers rule out, whatever was measured: what a file must be for whoever reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from ..base.units import listed, number_text
from ..encodings import ENCODINGS
from ..formats import FORMATS
from ..formats.registration import FormatRegistration
from .evidence import StoreFacts
from .questions import Answers


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


def _unknown(store: StoreFacts, answers: Answers) -> str:
    return "" if store.format in FORMATS else f"there is no format {store.format!r} here"


def _lossy(store: StoreFacts, answers: Answers) -> str:
    if store.lossless or answers.loss == "yes":
        return ""
    return "its pixels are not the source's (lossy or resized), and you answered that pixels may not change"


def _reader(store: StoreFacts, answers: Answers) -> str:
    return _READERS[answers.readers](store)


def _for_programs(store: StoreFacts) -> str:
    if not FORMATS[store.format].other_languages:
        return "programs in other languages have no library for it"
    if store.compression != "none":
        return f"another program would have to decompress every image first ({store.compression})"
    return ""


def _for_viewers(store: StoreFacts) -> str:
    viewers = FORMATS[store.format].array_viewers
    if viewers is None:
        return f"it is not {listed((entry.title for entry in FORMATS.values() if entry.array_viewers), 'or')}"
    if store.encoding != viewers.encoding or store.compression != "none":
        return "its images are encoded bytes, not an array that a viewer shows"
    return viewers.why_not(store.options)


def _for_people(store: StoreFacts) -> str:
    if not FORMATS[store.format].image_viewers:
        return "an image viewer does not open it"
    if not _image_payloads(store.encoding) or store.compression != "none":
        return "its files are not images that a viewer opens"
    return ""


def _image_payloads(encoding: str) -> bool:
    return encoding in ENCODINGS and ENCODINGS[encoding].image_files


_READERS: dict[str, Callable[[StoreFacts], str]] = {
    "training": lambda store: "",
    "programs": _for_programs,
    "viewers": _for_viewers,
    "people": _for_people,
}


def _network(store: StoreFacts, answers: Answers) -> str:
    return FORMATS[store.format].not_on_network_drives if answers.machines == "shared" else ""


def _access(store: StoreFacts, answers: Answers) -> str:
    if answers.access == "single" and not FORMATS[store.format].random_access:
        return "to read one image, all before it are read"
    return ""


RULES: tuple[Rule, ...] = (_unknown, _lossy, _reader, _network, _access)


def would_fit(answers: Answers) -> tuple[str, str]:
    """A format and an encoding to build for readers whom no store suits."""
    if answers.readers == "viewers":
        for name, entry in FORMATS.items():
            if entry.array_viewers:
                return name, entry.array_viewers.encoding
    fitting = _image_files if answers.readers == "people" else _portable
    return next((name for name, entry in FORMATS.items() if fitting(entry)), next(iter(FORMATS))), "original"


def _image_files(entry: FormatRegistration) -> bool:
    return entry.image_viewers


def _portable(entry: FormatRegistration) -> bool:
    """Whether it is few files that lie anywhere and that any program reads."""
    return entry.other_languages and not entry.file_per_sample and not entry.not_on_network_drives
