"""Where images come from: one file a source, one line in the table below.

A source is a dataclass whose options are fields made with `core.base.options.option` and that has a field `request`
(`core.sources.request.Request`), put in by `open_source`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ..base.contracts import Source
from ..base.registry import Registration, Registry
from .recognise import recognise
from .request import Request

__all__ = ["SOURCES", "Request", "open_source", "recognise"]

SOURCES: Registry[Source, Registration] = Registry(
    "source",
    {
        "shapes": Registration(".sources.shapes:Shapes", "Shapes, drawn here (no download)"),
        "cifar10": Registration(
            ".sources.cifar10:Cifar10",
            "CIFAR-10, the Python version (download 170 MB, archive or folder)",
            needs=("requests",),
            install_hint="pip install requests",
        ),
        "image_folder": Registration(".sources.image_folder:ImageFolder", "A folder of images"),
        "tiny_imagenet": Registration(".sources.tiny_imagenet:TinyImageNet", "Tiny ImageNet, its own folder"),
        "archive": Registration(".sources.archive:Archive", "An archive of any of these (.zip, .tar, .tar.gz, ...)"),
    },
)


def open_source(name: str, options: Mapping[str, Any], request: Request) -> Source:
    """The source called `name` with these options, for this request. Raises InputError for an option it lacks."""
    source: Any = SOURCES.make(name, options)
    opened: Source = dataclasses.replace(source, request=request)
    return opened
