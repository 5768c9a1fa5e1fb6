"""Which fields of a record are images, what is in them, and which of them is the main one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..arrays import flat
from ..contents import Content
from ..contents.content import of_array
from ..contents.named import BOXES, IMAGES, OBJECTS
from ..contents.objects import image_in
from ..contents.stacked import stacked
from .declared import Declared

_SURELY = frozenset(IMAGES[: IMAGES.index("rgb") + 1])
"""Names that say that there is an image."""

MOST_IMAGES = 16
"""Images of a record that are decoded."""

_THINGS = (BOXES | frozenset(OBJECTS)) - {"masks", "segmentation", "object"}
"""Tables of numbers about the things in an image, which look like small pictures now and then."""

_SECOND = re.compile(
    r"(?i)(?:^|[^a-z])(?:mask|seg|segmentation|label|labels|gt|depth|disparity|flow|normals?|edges?|trimap|alpha|matte|"
    r"thumb|thumbnail|preview|right|target|lr|low|instance|semantic|panoptic)(?:$|[^a-z])"
)
"""What is called so goes with an image rather than being it."""


def images_of(fields: Mapping[str, Any], declared: Declared) -> dict[str, Content]:
    """The images among the fields, by name, the main one first; of a list of images each with its place ("views[1]").

    One that is broken is there, with its `problem`. At most `MOST_IMAGES`.
    """
    found: dict[str, Content] = {}
    for name, value in fields.items():
        if declared.exact and name not in declared.all_images:
            continue
        for called, content in _in_field(name, value, fields, declared):
            if len(found) < MOST_IMAGES:
                found[called] = content
    found = _joined_bands(fields, found)
    main = main_of(found, declared)
    return found if main is None else {main: found[main], **found}


def main_of(names: Iterable[str], declared: Declared) -> str | None:
    """The main image among several: the declared one; the one with the surest name; the first that is not called like
    a mask, a depth, a label."""
    every = list(names)
    for said in declared.all_images:
        found = next((name for name in every if _field(name) == said), None)
        if found is not None:
            return found
    ranked = sorted(every, key=lambda name: (bool(_SECOND.search(name)), _rank(name)))
    return ranked[0] if ranked else None


def has_image(names: Iterable[str], field: str) -> bool:
    """Whether one of the images is in this field."""
    return any(_field(name) == field for name in names)


def _rank(name: str) -> int:
    lowered = _field(name).lower()
    return IMAGES.index(lowered) if lowered in IMAGES else len(IMAGES)


def _field(name: str) -> str:
    """The field that an image of a list is in."""
    return name.partition("[")[0] if name.endswith("]") else name


def _in_field(name: str, value: Any, fields: Mapping[str, Any], declared: Declared) -> Iterator[tuple[str, Content]]:
    stated = name in declared.all_images
    if value is None or isinstance(value, bool | int | float):
        return
    if isinstance(value, list | tuple) and value and all(_may_hold_one(item) for item in value[:MOST_IMAGES]):
        contents = [(f"{name}[{place}]", _content(name, item, {}, stated)) for place, item in
                    enumerate(value[:MOST_IMAGES])]  # fmt: skip
        yield from ((called, content) for called, content in contents if content is not None)
        return
    content = _content(name, value, fields, stated)
    if content is not None:
        yield name, content


def _may_hold_one(item: Any) -> bool:
    return isinstance(item, bytes | bytearray | np.ndarray | Mapping)


def _content(name: str, value: Any, fields: Mapping[str, Any], stated: bool) -> Content | None:
    """What a field holds, if it is an image, or is meant to be one and broken."""
    lowered = name.lower()
    beside = {str(other).lower(): told for other, told in fields.items() if other != name}
    if lowered in _THINGS and not stated:
        return None
    surely = stated or lowered in _SURELY
    array_is_one = surely or bool(_SECOND.search(name))  # an array called "depth", where no number looks like pixels
    try:
        content = image_in(value, {**beside, lowered: value}, "image" if array_is_one else lowered)
    except ValueError as error:
        return Content("bytes", "bytes", b"", problem=str(error), is_image=True) if stated else None
    if content is not None and not surely and (content.kind == "pixels" or _is_misfit(content)):
        return None  # a guess, from its length alone; or bytes that the stated shape is not about
    if content is not None and (content.is_image or (stated and content.problem is not None)):
        return content
    if not stated:
        return None
    data = flat(value) if isinstance(value, np.ndarray) else value if isinstance(value, bytes) else b""
    reason = f"the field {name!r} is said to be an image, and is none that is known here"
    return Content("bytes", "bytes", data, problem=reason, is_image=True)


def _is_misfit(content: Content) -> bool:
    return content.problem is not None and content.encoding == "raw"


def _joined_bands(fields: Mapping[str, Any], found: dict[str, Content]) -> dict[str, Content]:
    """Arrays and images of one channel each that are called like bands as the channels of one image."""
    planes = {name: value for name, value in fields.items() if _is_plane(value)}
    planes |= {name: content.array for name, content in found.items() if _is_plane(content.array)}
    bands = stacked(planes)
    if bands is None:
        return found
    told = f"its bands are the fields {', '.join(bands.called)}"
    joined = of_array("bands", bands.array, flat(bands.array), certain=True)
    joined = replace(joined, bands=bands.names, text=told)
    others = {name: content for name, content in found.items() if name not in bands.called}
    return {"+".join(bands.called)[:200]: joined, **others}


def _is_plane(array: Any) -> bool:
    return isinstance(array, np.ndarray) and array.ndim == 2
