"""Under which addresses others reach this machine, and whether a connection comes from this machine itself."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection, Mapping

import psutil

FORWARDED = ("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "forwarded", "via")
"""Headers that a proxy adds: then the visitor may be anywhere."""

EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 - these are recognised here, not listened on
INSIDE = ("docker", "br-", "virbr", "veth", "lxc", "lxd", "cni", "podman", "vmnet", "vboxnet", "flannel", "cali")
"""How the networks of containers and virtual machines are called, which nobody in the room is in."""

_SOMEWHERE = ("192.0.2.1", 9)
"""An address that belongs to nobody (RFC 5737): nothing is sent there, the system only says which way it would go."""


def addresses(listening: str) -> list[str]:
    """The addresses under which a server that listens on `listening` is reached: that one, or, where it listens on all,
    the IPv4 addresses of this machine, first the one by which it reaches others. Empty where it is in no network."""
    if listening not in EVERYWHERE:
        return [listening]
    first = _first()
    found = [
        entry.address
        for name, entries in psutil.net_if_addrs().items()
        for entry in entries
        if entry.family == socket.AF_INET and _is_up(name) and not _is_loopback(entry.address)
        if entry.address == first or not name.startswith(INSIDE)
    ]
    return sorted(dict.fromkeys(found), key=lambda address: (address != first, ipaddress.ip_address(address)))


def comes_from_here(client: str, server: str, headers: Mapping[str, str] | Collection[str]) -> bool:
    """Whether a connection from `client` to `server` (addresses) was made on this machine, by no proxy that says so.

    Nobody else can have it come from a loopback address, or from the very address that it goes to.
    """
    if any(name.lower() in FORWARDED for name in headers):
        return False
    return _is_loopback(client) or (bool(client) and _plain(client) == _plain(server))


def _plain(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    return str(getattr(address, "ipv4_mapped", None) or address)


def _is_loopback(text: str) -> bool:
    try:
        return ipaddress.ip_address(_plain(text)).is_loopback
    except ValueError:
        return text == "localhost"


def _is_up(name: str) -> bool:
    status = psutil.net_if_stats().get(name)
    return status is None or bool(status.isup)


def _first() -> str:
    """The address of this machine from which it would reach others; "" where it has no way out."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(_SOMEWHERE)
            return str(probe.getsockname()[0])
    except OSError:
        return ""
