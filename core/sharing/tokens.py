"""Who somebody is, as a text that only this serving can have written: it goes into a browser's cookie.

"guest.ID.UNTIL.ROUND.SIGNATURE": `UNTIL` is when it ends (seconds since the epoch), `ROUND` how often all guests were
ended before, the signature an HMAC-SHA256 of what stands before it, with a key of this serving alone.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from hashlib import sha256

HOST, GUEST = "host", "guest"
LIFETIME = 12 * 3600.0
"""Seconds that a token is good for."""

_TOKEN = re.compile(r"(?P<kind>host|guest)\.(?P<id>[0-9a-f]{16})\.(?P<until>[0-9]{1,12})\.(?P<round>[0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who was let in. `kind` is HOST or GUEST, `round` is always 0 for a host."""

    kind: str
    id: str
    until: float
    round: int = 0


def new_visitor(kind: str, now: float, round: int = 0) -> Visitor:
    """Somebody who is let in at `now`, seconds since the epoch."""
    return Visitor(kind, secrets.token_hex(8), float(int(now + LIFETIME)), round)


def write_token(visitor: Visitor, key: bytes) -> str:
    """The visitor's token."""
    told = f"{visitor.kind}.{visitor.id}.{int(visitor.until)}.{visitor.round}"
    return f"{told}.{_signature(told, key)}"


def read_token(token: str, key: bytes, now: float) -> Visitor | None:
    """Whose token it is; None where this serving did not write it, or its time is over."""
    told, _, signature = token[:200].rpartition(".")
    found = _TOKEN.fullmatch(told)
    genuine = hmac.compare_digest(_signature(told, key).encode(), signature.encode("utf-8", "replace"))
    if found is None or not genuine or int(found["until"]) <= now:
        return None
    return Visitor(found["kind"], found["id"], float(found["until"]), int(found["round"]))


def _signature(told: str, key: bytes) -> str:
    return hmac.new(key, told.encode("utf-8", "replace"), sha256).hexdigest()
