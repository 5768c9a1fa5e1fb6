"""What is handed out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

OURS, DATASET, HUGGINGFACE, WEBDATASET, LIGHTNING = "ours", "dataset", "huggingface", "webdataset", "lightning"

CHOICES: Mapping[str, str] = {
    OURS: "This package",
    DATASET: "PyTorch Dataset",
    HUGGINGFACE: "Hugging Face datasets",
    WEBDATASET: "webdataset",
    LIGHTNING: "Lightning",
}
"""Name of a snippet -> its title."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """One way to read a store or file. `text`: the code, "" where there is none and `note` says why; `file`: the name
    to save it under; `needs`: what to install, as pip calls it; `note`: what to know before it is used."""

    name: str
    text: str
    file: str = ""
    needs: tuple[str, ...] = ()
    note: str = ""

    @property
    def title(self) -> str:
        return CHOICES[self.name]

    @property
    def install(self) -> str:
        """The command that brings what it needs; "" for nothing."""
        return f"pip install {' '.join(self.needs)}" if self.needs else ""

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "title": self.title,
            "code": self.text or None,
            "file": self.file,
            "needs": list(self.needs),
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class DatasetCode:
    """The parts of a Dataset that differ from container to container.

    imports: statements, one module each; constants, functions: text at the top of the program; init: what the
    constructor notes (`self.labels` and `self.classes` at least); get: the lines that make `pixels`, uint8 (height,
    width, 3), of sample `i`; lazy: attributes that do not travel to other processes, and what they are at first;
    methods: further ones; close: the lines that let go of what is open; path: the container of a `split`, as an
    expression; needs: what to install beside torch; context: how workers are to be started, "" for the usual way.
    """

    about: str
    init: str
    get: str
    path: str
    imports: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    methods: str = ""
    close: str = ""
    lazy: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    context: str = ""
