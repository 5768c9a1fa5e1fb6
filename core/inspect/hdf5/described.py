"""What a file says itself of its images: which axis is which, what the channels are, and where the top is.

Read are, in this order: `axistags` (vigra and ilastik, JSON), `DIMENSION_LABELS` and the names of dimension scales
(HDF5 Dimension Scales, netCDF-4), attributes that name all axes (`axes`, `dims`, `data_format`, ...: "TZCYX", "n,
height, width, channels", "channels_last"), and `neurodata_type` (Neurodata Without Borders, whose schema has x before
y). `macros_image_convention` = opengl (robosuite) says that the first row is the lowest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ...images.bands import Hints
from .facts import Facts, facts_of
from .name_hints import words
from .spec import word

NO_PICTURE = ""
"""The layout of what says that it is no picture."""

NAMES = {"N": "sample", "T": "frame", "H": "height", "W": "width", "C": "channel"}

_AXES = {
    "W": ("x", "w", "width", "col", "cols", "column", "columns", "lon", "longitude", "easting"),
    "H": ("y", "h", "height", "row", "rows", "lat", "latitude", "northing"),
    "C": ("c", "ch", "channel", "channels", "band", "bands", "wavelength", "wavelengths", "color", "colour", "rgb",
          "rgba", "spectral"),
    "Z": ("z", "d", "depth", "slice", "slices", "plane", "planes"),
    "T": ("t", "time", "frame", "frames"),
    "N": ("n", "b", "batch", "sample", "samples", "image", "images", "item", "index", "i", "patch", "patches"),
}  # fmt: skip
"""What people call axes; of several words in one name those that come first here count: "image_height" is a height."""

_NAMED_AXES = (
    "axes", "axis_order", "axes_order", "dimension_order", "dim_order", "dimensions", "dims", "dim_names",
    "dimension_names", "_ARRAY_DIMENSIONS", "axis_names", "data_format", "image_format", "layout", "order",
)  # fmt: skip

_CHANNELS = (
    "band_names", "bands", "band_name", "bandnames", "channel_names", "channels", "channel_name", "channel_order",
    "band_order", "wavelengths", "wavelength", "wavelengths_nm", "modalities", "colorspace", "color_space",
    "color_mode", "colormodel", "image_mode", "mode", "pixel_format",
)  # fmt: skip

_NO_DATA = ("_FillValue", "missing_value", "nodata", "no_data", "NODATA", "nodata_value")

_SERIES = frozenset(("ImageSeries", "TwoPhotonSeries", "OnePhotonSeries", "OpticalSeries", "ImageMaskSeries"))
_IMAGES = {"GrayscaleImage": "WH", "RGBImage": "WHC", "RGBAImage": "WHC"}
_NUMBERS = frozenset(
    ("VectorData", "VectorIndex", "ElementIdentifiers", "DynamicTableRegion", "TimeSeriesReferenceVectorData")
)

MOST_CHANNELS = 512
"""Names and wavelengths that are read."""


def layout(facts: Facts) -> str | None:
    """The axes as the file tells them, see `layouts`; without an N it is one picture.

    `NO_PICTURE` where what is told are no axes of a picture; None where nothing is told.
    """
    names = _axis_names(facts)
    if names is not None:
        return _of_letters([_letter(name) for name in names])
    return _of_neurodata(facts)


def _axis_names(facts: Facts) -> list[str] | None:
    for names in (_axistags(facts), _dimension_names(facts), *_attributes(facts)):
        if names is not None and len(names) == len(facts.shape) and any(map(_letter, names)):
            return names
    return None


def _axistags(facts: Facts) -> list[str] | None:
    told = _json(word(facts.attributes.get("axistags")))
    axes = told.get("axes") if isinstance(told, dict) else None
    if not isinstance(axes, list) or not all(isinstance(axis, dict) for axis in axes):
        return None
    return [str(axis.get("key")) for axis in axes]


def _dimension_names(facts: Facts) -> list[str] | None:
    """The label of each axis; where it has none, the name of its scale."""
    labels = _texts(facts.attributes.get("DIMENSION_LABELS")) or [""] * len(facts.shape)
    scales = facts.attributes.get("DIMENSION_LIST")
    if len(labels) != len(facts.shape) or not (any(labels) or isinstance(scales, np.ndarray)):
        return None
    listed: Any = scales if isinstance(scales, np.ndarray) and len(scales) == len(labels) else [()] * len(labels)
    return [label or _scale(facts, references) for label, references in zip(labels, listed, strict=True)]


def _scale(facts: Facts, references: Any) -> str:
    for reference in np.atleast_1d(np.asarray(references, dtype=object)):
        found = facts.file.dereferenced(reference)
        if found is not None:
            return str(found.name or "").rpartition("/")[2]
    return ""


def _attributes(facts: Facts) -> Iterator[list[str] | None]:
    """The names of all axes in one attribute of the dataset, of its group or of the file."""
    for attributes in _owners(facts):
        for name in _NAMED_AXES:
            if name in attributes:
                names = _axes_of(attributes[name], len(facts.shape))
                yield names if names is not None and all(map(_letter, names)) else None


def _axes_of(value: Any, count: int) -> list[str] | None:
    """ "TZCYX", "t, z, y, x", ["t", "y", "x"], "channels_last"."""
    found = _texts(value)
    if found is None or len(found) > 1:
        return found
    text = found[0].strip().lower()
    if text in ("channels_last", "channels_first") and count == 4:
        return list("nhwc" if text == "channels_last" else "nchw")
    parts = [part for part in re.split(r"[^a-z_]+", text) if part]
    return list(text) if len(parts) == 1 and len(text) == count else parts


def _letter(name: str) -> str | None:
    found = words(name)
    return next((axis for axis, known in _AXES.items() if not set(known).isdisjoint(found)), None)


def _of_letters(letters: Sequence[str | None]) -> str | None:
    """Height, width and channels once each; of the others the samples (else the time, else the depth) are N, and what
    remains counts the frames of each."""
    if any(letters.count(axis) > 1 for axis in "HWC"):
        return None
    if "H" not in letters or "W" not in letters:
        return None if None in letters else NO_PICTURE
    counting = [place for place, axis in enumerate(letters) if axis not in ("H", "W", "C")]
    first = min(counting, key=lambda place: "NTZ".find(letters[place] or "N"), default=None)
    return "".join(
        str(axis) if place not in counting else "N" if place == first else "T" for place, axis in enumerate(letters)
    )


def _of_neurodata(facts: Facts) -> str | None:
    """By the type of the dataset or of its group in Neurodata Without Borders.

    https://nwb-schema.readthedocs.io/en/latest/format.html: the data of an ImageSeries are (frame, x, y) or (frame, x,
    y, z), those of a GrayscaleImage (x, y), of an RGBImage (x, y, r g b), x being the width.
    """
    kind, group = (word(facts.file.attributes(name).get("neurodata_type")) for name in (facts.name, facts.group))
    axes = len(facts.shape)
    if kind in _IMAGES:
        return _IMAGES[kind] if len(_IMAGES[kind]) == axes else None
    if group in _SERIES and facts.leaf == "data":
        colours = axes == 4 and facts.shape[-1] == 3
        return {3: "NWH", 4: "NWHC" if colours else "NWHT"}.get(axes, NO_PICTURE)
    if group == "PlaneSegmentation" and facts.leaf == "image_mask":
        return {3: "NWH", 4: "NWHT"}.get(axes, NO_PICTURE)
    return NO_PICTURE if kind in _NUMBERS or group.endswith("Series") else None


# ---------------------------------------------------------------- channels

_OF_BANDS = frozenset(
    ("bands", "band", "msi", "hsi", "multispectral", "hyperspectral", "spectral", "sentinel", "sen", "landsat", "modis")
)


def is_of_bands(facts: Facts) -> bool:
    """Whether its name says that it has bands."""
    return not _OF_BANDS.isdisjoint(words(facts.called))


def is_radar(facts: Facts) -> bool:
    """Whether its name says that these are the echoes of a radar, which nobody looks at if there is an image."""
    return re.search(r"(?<![a-z])(s1|sen1|sentinel[-_]?1|sar)(?![a-z0-9])", facts.leaf.lower()) is not None


def is_cube(facts: Facts) -> bool:
    """Whether an array of three axes is one image of bands, wherever their axis is, by its name."""
    return len(facts.shape) == 3 and min(facts.shape) > 4 and is_of_bands(facts)


def hints(facts: Facts, count: int) -> Hints:
    """What is said of the channels of images that have `count`."""
    called = words(facts.leaf)
    alpha = word(facts.attributes.get("neurodata_type")) == "RGBAImage"
    if count < 2:
        return Hints(called)
    for value in _of_channels(facts):
        waves = _wavelengths(value, count)
        if waves:
            return Hints(called, wavelengths=waves, alpha=alpha)
        names = _channel_names(value, count)
        if names:
            return Hints(called, names=names, alpha=alpha or names[-1].lower() in ("a", "alpha"))
    return Hints(called, alpha=alpha)


def _of_channels(facts: Facts) -> Iterator[Any]:
    """Attributes of the dataset, its group and the file; then datasets beside it."""
    for attributes in _owners(facts):
        lowered = {name.lower(): value for name, value in attributes.items()}
        yield from (lowered[name] for name in _CHANNELS if name in lowered)
    for name in _CHANNELS:
        for beside in dict.fromkeys((f"{facts.group}/{name}".lstrip("/"), name)):
            found = facts_of(facts.file, beside) if beside in facts.file.datasets else None
            if found is not None and found.shape and max(found.shape) <= MOST_CHANNELS and not found.dtype.names:
                try:
                    yield facts.file.rows(found.dataset, 0, found.shape[0]).reshape(-1)
                except ValueError:
                    continue


def _wavelengths(value: Any, count: int) -> tuple[float, ...]:
    """Wavelengths in nm, of as many numbers that rise or fall all the way; micrometres are converted."""
    numbers = np.asarray(value) if isinstance(value, np.ndarray | list | tuple) else np.empty(0)
    if numbers.size != count or numbers.dtype.kind not in "iuf":
        return ()
    waves = numbers.reshape(-1).astype(np.float64)
    waves = waves * 1000 if np.all((waves > 0.3) & (waves < 3)) else waves
    steps = np.diff(waves)
    plausible = np.all((waves > 300) & (waves < 3000)) and (np.all(steps > 0) or np.all(steps < 0))
    return tuple(waves.tolist()) if plausible else ()


def _channel_names(value: Any, count: int) -> tuple[str, ...]:
    found = _texts(value)
    if found is None:
        return ()
    if len(found) == 1:
        told = _json(found[0])
        text = found[0].strip()
        parts = list(map(str, told)) if isinstance(told, list) else re.split(r"[\s,;/|]+", text)
        found = list(text) if len(parts) == 1 and len(text) == count else parts
    return tuple(found) if len(found) == count else ()


# ---------------------------------------------------------------- the top, and what is no value


def upside_down(facts: Facts) -> bool:
    """Whether the first row is the lowest, as in OpenGL: `macros_image_convention` of a group around the dataset."""
    return any(word(attributes.get("macros_image_convention")).lower() == "opengl" for attributes in _ancestors(facts))


def no_data(facts: Facts) -> float | None:
    """The value that stands for none."""
    for name in _NO_DATA:
        value = facts.attributes.get(name)
        array = np.asarray(value) if isinstance(value, np.ndarray | np.generic | int | float) else np.empty(0)
        if array.size == 1 and array.dtype.kind in "iuf":
            return float(array.reshape(-1)[0])
    return None


def _owners(facts: Facts) -> Iterator[Mapping[str, Any]]:
    """The attributes of the dataset, of its group, and of the file."""
    yield facts.attributes
    for name in dict.fromkeys((facts.group, "")):
        yield facts.file.attributes(name)


def _ancestors(facts: Facts) -> Iterator[Mapping[str, Any]]:
    yield facts.attributes
    name = facts.name
    while name:
        name = name.rpartition("/")[0]
        yield facts.file.attributes(name)


def _texts(value: Any) -> list[str] | None:
    """An attribute that is text, or a list of texts."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "SUO" and 1 < value.size <= MOST_CHANNELS:
        return [word(one) for one in value.reshape(-1)]
    if isinstance(value, list | tuple):
        return [word(one) for one in value]
    text = word(value)
    return [text] if text else None


def _json(text: str) -> Any:
    try:
        return json.loads(text) if text[:1] in ("{", "[") else None
    except (ValueError, RecursionError):
        return None
