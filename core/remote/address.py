"""What is an address of a file or folder elsewhere, and how it is shown: never with a secret."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from ..base.errors import InputError
from ..base.printable import printable

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://(.*)", re.DOTALL)
"""At least two letters: `C://` is a drive."""

LOCAL = ("file", "local")

LONGEST = 2_048
"""Characters of an address or of a path below one; S3 ends at 1,024 bytes a key."""

SECRET_FIELDS = re.compile(
    r"(x-(amz|goog)-(signature|credential|security-token)|awsaccesskeyid|signature|sig|(.*[_-])?(token|secret|password|"
    r"passwd|api[_-]?key|access[_-]?key)|key|auth|policy|key-pair-id)",
    re.IGNORECASE,
)
"""Fields of a query that let in whoever has them (signed addresses of S3, Google, Azure, CloudFront)."""


def is_address(text: str) -> bool:
    """Whether `text` names a place elsewhere (`s3://bucket/folder`). A path, a drive and `file://` are none."""
    found = _SCHEME.fullmatch(text)
    return found is not None and found[1].lower() not in LOCAL


def scheme_of(address: str) -> str:
    """ "s3" of "s3://bucket/folder"."""
    return address.partition("://")[0].lower()


def check_address(text: str) -> str:
    """`text` without a slash at its end. Raises InputError for what is no address, or holds a secret."""
    address = text.strip().rstrip("/")
    if not is_address(address):
        raise InputError(f"{shown(text)!r} is no address: one begins with a protocol, as s3://bucket/folder")
    if len(address) > LONGEST or not address.isprintable():
        raise InputError("an address has at most 2,048 characters, all of them printable")
    if "::" in address:
        raise InputError(f"{shown(address)} names a file inside of another one; give the address of the outer one")
    if _holds_secret(address):
        raise InputError(
            f"{shown(address)} was given with a password, key or signature in it: leave it out, and let the storage's "
            "library find credentials in the environment, its configuration files or the machine's role"
        )
    if not address.partition("://")[2].strip("/"):
        raise InputError(f"{shown(address)} names no bucket or server")
    return address


def shown(address: str) -> str:
    """An address as it may be printed: without user and password, and without a query that may let in others."""
    found = _SCHEME.fullmatch(address)
    if found is None:
        return printable(address)
    place, mark, query = found[2].partition("?")
    place = re.sub(r"^[^/@]*:[^/@]*@", "", place)
    kept = f"{mark}{query}" if mark and not _secret_query(query) else ""
    return printable(f"{found[1]}://{place}{kept}")


def refuse_address(text: str, work: str) -> None:
    """Raises InputError where `text` is an address: `work` ("training") takes folders of this machine alone."""
    if is_address(text):
        raise InputError(f"{shown(text)} lies at an address; {work} takes stores on this machine alone: copy it here")


def join(address: str, name: str) -> str:
    """The address of `name` (with `/` between folders) below `address`."""
    return f"{address.rstrip('/')}/{name}" if name else address


def last_name(address: str) -> str:
    """The file's or folder's own name: "train" of "s3://bucket/data/train"."""
    return address.partition("?")[0].rstrip("/").rpartition("/")[2]


def check_path(path: str) -> str:
    """A path below an address, `/` between its parts; "" is the address itself.

    Raises InputError for one that leaves it ("..", a slash in front), or that servers may take for another one.
    """
    parts = path.split("/")
    if path and (any(part in ("", ".", "..") for part in parts) or "\0" in path or len(path) > LONGEST):
        raise InputError(f"{printable(path)!r} is no path below an address: it has empty parts, '.' or '..'")
    return path


def _holds_secret(address: str) -> bool:
    parts = urlsplit(address)
    return ":" in parts.netloc.rpartition("@")[0] or _secret_query(address.partition("?")[2])


def _secret_query(query: str) -> bool:
    return any(SECRET_FIELDS.fullmatch(name) for name, _ in parse_qsl(query, keep_blank_values=True))
