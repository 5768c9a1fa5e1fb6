"""What goes wrong with files at addresses. Every sentence names the address, without secrets."""

from __future__ import annotations

from ..base.errors import WorkError


class RemoteError(WorkError):
    """A request that failed for good: refused, or failed as often as it was tried."""


class RemoteMissing(RemoteError):
    """There is nothing at an address."""


class RemoteChanged(RemoteError):
    """A file became another one while it was read: its parts do not belong together."""
