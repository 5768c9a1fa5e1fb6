"""What a source says of itself, so that pages and commands need not know it by name."""

from __future__ import annotations

from dataclasses import dataclass

from ..base.registry import Registration


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRegistration(Registration):
    """A source as others ask for it.

    refers: its images can be imported by reference (`core.base.source_contracts.Referable`).
    named: it is asked for by its name in the registry in place of a path, and made or downloaded.
    download_bytes: what a download of it takes, about; 0 where nothing is downloaded.
    about: what it holds, in a sentence for people who choose.
    """

    refers: bool = False
    named: bool = False
    download_bytes: int = 0
    about: str = ""
