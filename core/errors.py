"""The two ways in which work can end badly. Both carry a sentence for the person who asked for it."""

from __future__ import annotations


class FormatMattersError(Exception):
    """Base of every error we raise on purpose; its text says what is wrong and what to do."""


class InputError(FormatMattersError):
    """Bad input or usage: a path that is not there, an unknown option, a file that is none of ours (exit status 2)."""


class WorkError(FormatMattersError):
    """The work itself failed: a full disk, a source that changed underneath, a worker that died (exit status 1)."""
