"""Who may talk to the server: only pages that it serves itself, under the names that are its own.

A server on 127.0.0.1 is reached by every page that a browser on this machine shows. A page of another site may open a
connection to it, or have its own name point here (DNS rebinding) and then read what is served as if it were its own.
The browser tells both: `Host` is the name in the address, `Origin` the site of the page that asks. So every request
whose `Host` is not a name of ours, or whose `Origin` is another site, is refused with 403: pages, streams, uploads,
media, components and the websocket alike.

Names of ours are localhost, every loopback address, the address that the connection came in on, what `server.address`
and `browser.serverAddress` name, and what the setting `hosts` lists ("images.example.com", or "*.example.com" for every
name below it; docs/settings.md). An app behind a proxy needs it.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import streamlit as st
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from core.base.settings import SETTINGS, setting

VARIABLE = SETTINGS["hosts"].variable

REFUSED = (
    f"This server answers only under its own names. Where it is meant to be reached so, name the host in {VARIABLE}.\n"
)

_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:(?P<port>[0-9]{1,5}))?")
_USUAL_PORTS = ("80", "443")


class Authority(NamedTuple):
    """A host in lower case, without brackets and a last dot, and its port, "" for that of http or https."""

    host: str
    port: str


class Names(NamedTuple):
    """In lower case: `hosts` we are reached by, and of these those that were `listed` in so many words."""

    hosts: frozenset[str]
    listed: frozenset[str]


class OnlyOurNames:
    """ASGI middleware that refuses what does not come to a name of ours, or comes from a page of another site."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or is_ours(scope, named()):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: the server answers 403
        else:
            await PlainTextResponse(REFUSED, 403)(scope, receive, send)


def named(environment: Mapping[str, str] = os.environ) -> Names:
    """The names that were configured."""
    listed = _names(setting("hosts", environment).values)
    return Names(listed | _names([st.get_option("server.address"), st.get_option("browser.serverAddress")]), listed)


def _names(given: Iterable[str | None]) -> frozenset[str]:
    return frozenset(name.strip().lower().strip("[]").rstrip(".") for name in given if name and name.strip())


def is_ours(scope: Scope, names: Names) -> bool:
    """Whether a request is for a name of ours, and from no page of another site."""
    headers = Headers(scope=scope)
    asked = [authority(host) for host in headers.getlist("host")]
    here = (scope.get("server") or ("",))[0]
    if len(asked) != 1 or asked[0] is None or not _is_known(asked[0].host, names.hosts, here):
        return False
    return all(_is_same_site(origin, asked[0], names.listed) for origin in headers.getlist("origin"))


def authority(text: str) -> Authority | None:
    """Of "LOCALHOST:8501" or "[::1]"; None for what is no host with a port."""
    found = _AUTHORITY.fullmatch(text.strip())
    if found is None:
        return None
    port = found["port"] or ""
    return Authority(found["host"].lower().strip("[]").rstrip("."), "" if port in _USUAL_PORTS else port)


def _is_same_site(origin: str, asked: Authority, listed: frozenset[str]) -> bool:
    """Whether a page's site is the address that it asks, or (behind a proxy that changes the host) was listed."""
    scheme, _, rest = origin.partition("://")
    of = authority(rest)
    return of is not None and scheme in ("http", "https") and (of == asked or _is_among(of.host, listed))


def _is_known(host: str, names: frozenset[str], here: str) -> bool:
    """`here`: the address that the connection came in on. An address cannot be made to point elsewhere, a name can."""
    if host == "localhost" or _is_among(host, names):
        return True
    address = _address(host)
    return address is not None and (address.is_loopback or address == _address(here))


def _is_among(host: str, names: frozenset[str]) -> bool:
    parts = host.split(".")
    return host in names or any(f"*.{'.'.join(parts[number:])}" in names for number in range(1, len(parts)))


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
