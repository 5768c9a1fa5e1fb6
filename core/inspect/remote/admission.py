"""Which addresses the app's pages open: those below what the setting `roots` names, or what a person at
this machine has allowed. What is asked for there is fetched by this machine, with its credentials and from its network.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from ...base.errors import InputError
from ...remote.address import check_address, is_address, scheme_of

ASKED = frozenset(("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "http", "https", "hf"))
"""Protocols of storage elsewhere, which a person may allow. Others of fsspec's read files of this machine; those have
to be named in the setting."""


def place_of(address: str) -> str:
    """The bucket or server of an address: what a person is asked to allow."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def checked(text: str) -> str:
    """An address as it is compared and opened. Raises InputError for one with a secret, or that leads upwards."""
    address = check_address(text)
    if any(part in (".", "..") for part in re.split(r"[/\\]", unquote(unquote(address)))):
        raise InputError("an address may not have '.' or '..' among its parts; give it without them")
    return address


def is_below(address: str, places: tuple[str, ...]) -> bool:
    """Whether an address that was `checked` is one of these places, or lies below one."""
    return any(address == place or address.startswith(f"{place.rstrip('/')}/") for place in places)


def may_be_asked(address: str) -> bool:
    """Whether a person may allow an address of this protocol."""
    return is_address(address) and scheme_of(address) in ASKED
