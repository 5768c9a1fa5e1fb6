"""The class that this process serves, if it serves one: opened once as the server starts, found by every page."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping
from typing import Any

from .line import VARIABLE, ShareLine
from .share import ClassShare

ENDING_S = 5.0

_served: list[ClassShare] = []
"""The one of this process. Were this module loaded anew it would be empty, and nobody host: `is_shared` still holds."""


def is_shared() -> bool:
    """Whether this process was started to be shared. Then nobody is host who is not known to be."""
    return VARIABLE in os.environ


def current() -> ClassShare | None:
    """The class that is served; None where none is, and where it could not be opened."""
    return _served[0] if _served else None


def open_share() -> ClassShare | None:
    """To be called once, by the server, before it answers anybody: the class, where it was started for one.

    The command that started it is told the code and the host's link, and again whenever they change; when it is gone,
    this process ends. Raises OSError or ValueError where the line to it is broken: then nothing is to be served.
    """
    if not is_shared():
        return None
    if _served:
        return _served[0]
    line = ShareLine.inherited(int(os.environ[VARIABLE]))
    share = ClassShare()
    _served.append(share)

    def heard(message: Mapping[str, Any]) -> None:
        if message.get("ask") == "host":
            line.send({"host": share.new_host_link()})
        elif message.get("ask") == "renew":
            share.renew_code()
        elif message.get("ask") == "end":
            share.end_guests()

    def tell() -> None:
        line.send({"code": share.code, "guests": share.guests()[0]})

    share.on_change = tell
    share.on_job = lambda job: line.send({"job": job})
    tell()
    line.listen(heard, _end)
    return share


def _end() -> None:
    """The command is gone, and with it whoever could stop this: the server ends, at once if it does not in time."""
    threading.Timer(ENDING_S, os._exit, [1]).start()
    os.kill(os.getpid(), signal.SIGTERM)
