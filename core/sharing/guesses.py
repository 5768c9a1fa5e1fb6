"""How many wrong codes are looked at: the time to wait doubles for each visitor, and all together have a limit."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict, deque

LONGEST_WAIT = 60.0
FORGOTTEN = 600.0
"""Seconds; after that long without a wrong code a visitor begins anew."""

MOST_PER_MINUTE = 30
"""Wrong codes of all visitors together; once there were as many, no code is looked at, right or wrong."""

MOST_VISITORS = 4096
"""Whose wrong codes are remembered; the limit for all together needs no memory of them."""


class CodeGuesses:
    """The wrong codes so far. Times are seconds of one clock that does not go back. Not safe to use from threads."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._recent: deque[float] = deque()

    def wait(self, address: str, now: float) -> float:
        """Seconds until a code of this visitor is looked at; 0.0 where one is at once."""
        while self._recent and self._recent[0] <= now - 60.0:
            self._recent.popleft()
        everybody = self._recent[0] + 60.0 - now if len(self._recent) >= MOST_PER_MINUTE else 0.0
        count, last = self._wrong.get(visitor(address), (0, 0.0))
        if count and now - last > FORGOTTEN:
            del self._wrong[visitor(address)]
            count = 0
        alone = last + min(2.0 ** (count - 1), LONGEST_WAIT) - now if count else 0.0
        return max(everybody, alone, 0.0)

    def wrong(self, address: str, now: float) -> None:
        """A code was looked at and is wrong."""
        name = visitor(address)
        self._wrong[name] = (self._wrong.pop(name, (0, 0.0))[0] + 1, now)
        while len(self._wrong) > MOST_VISITORS:
            self._wrong.popitem(last=False)
        self._recent.append(now)


def visitor(address: str) -> str:
    """Who counts as one: an IPv4 address, or the /64 network of an IPv6 address, of which one machine may have all."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)).network_address)
    return str(found)
