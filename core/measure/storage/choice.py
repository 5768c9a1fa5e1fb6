"""Which methods an experiment compares: names of formats and variants -> methods that can keep these images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from ...base.contracts import Shape
from ...base.errors import InputError
from ...base.package import load
from ...compressions import COMPRESSIONS
from ...datasets.dataset import Dataset
from ...encodings import ENCODINGS
from ...formats import FORMATS, keeps_files
from .images import SourceImages
from .methods import TUTORIAL, StorageMethod, TutorialMethod
from .ours import Ours


@dataclass(frozen=True)
class MethodChoice:
    """A format and a variant by name, and why this dataset cannot be kept so ("" where it can)."""

    format: str
    variant: str
    why_not: str = ""

    @property
    def name(self) -> str:
        return f"{self.format}/{self.variant}"

    def method(self, images: SourceImages, batch_size: int) -> StorageMethod:
        """Raises InputError where these images cannot be kept so after all."""
        if self.variant == TUTORIAL:
            return tutorial(self.format)
        return Ours.of(self.format, *parts_of(self.variant), images, batch_size)


def parts_of(variant: str) -> tuple[str, str]:
    """(encoding, compression) of "raw", "raw-zstd", "original-zstd-dict"."""
    encoding, _, compression = variant.partition("-")
    return encoding, compression or "none"


def usual(one_shape: bool, resized: bool, formats: Sequence[str] | None = None) -> list[str]:
    """What is compared unless something else is asked for, so that each difference has one cause: every format at one
    encoding (raw pixels, or the files as they are where raw does not go); beside the raw files image files as everybody
    has them; and the tutorial's code. `formats` None: those that are usual.
    """
    encoding = "raw" if one_shape else "original"
    image_file = "png" if resized else "original"
    taken = usual_formats() if formats is None else formats
    files = [f"{name}/{image_file}" for name in taken if one_shape and keeps_files(name)]
    code = [f"{name}/{TUTORIAL}" for name in with_tutorial() if name in taken]
    return [*(f"{name}/{encoding}" for name in taken), *files, *code]


def usual_formats() -> list[str]:
    """Those that are compared unless others are asked for."""
    return [name for name, entry in FORMATS.items() if entry.usual]


def with_tutorial() -> list[str]:
    """The formats that the tutorial has code for."""
    return [name for name, entry in FORMATS.items() if entry.tutorial]


def choices(
    dataset: Dataset,
    split: str,
    size: int | None,
    methods: Sequence[str] | None = None,
    formats: Sequence[str] | None = None,
    variants: Sequence[str] | None = None,
) -> list[MethodChoice]:
    """`methods` by name ("lmdb/raw"); else every variant in every format, and of what is None what is usual.

    Raises InputError for unknown names, and where no method goes.
    """
    shapes: Sequence[Shape] = [(size, size, 3)] if size else list(dataset.shapes(split))
    for format in formats or ():
        FORMATS.load(format)
    if methods is not None:
        names = methods
    elif variants is None:
        names = usual(len(shapes) == 1, size is not None, formats)
    else:
        taken = usual_formats() if formats is None else formats
        names = [f"{format}/{variant}" for variant in variants for format in taken]
    pairs = [(format, variant) for format, _, variant in (name.partition("/") for name in names)]
    found = [MethodChoice(*pair, _why_not(*pair, shapes, size, len(dataset.classes))) for pair in dict.fromkeys(pairs)]
    if all(choice.why_not for choice in found):
        raise InputError(found[0].why_not if found else "choose at least one format and one variant")
    return found


def _why_not(format: str, variant: str, shapes: Sequence[Shape], size: int | None, classes: int) -> str:
    """Raises InputError for names that there are not."""
    FORMATS.load(format)
    if variant == TUTORIAL:
        return tutorial(format).why_not(shapes, classes) if FORMATS[format].tutorial else _no_code(format)
    encoding, compression = parts_of(variant)
    made = ENCODINGS.make(encoding)
    COMPRESSIONS.make(compression)
    if size and encoding == "original":
        return "original keeps the files as they are: leave out the size, or choose raw, png or jpeg"
    try:
        made.bind(shapes)
    except InputError as error:
        return str(error).replace("option size=", "--size ")
    return ""


def tutorial(format: str) -> TutorialMethod:
    """The tutorial's code for a format. Raises InputError where it has none."""
    code = FORMATS[format].tutorial
    if code is None:
        raise InputError(_no_code(format))
    return cast("TutorialMethod", load(code.where)())


def _no_code(format: str) -> str:
    return f"the tutorial has no code for {format!r}; it has: {', '.join(with_tutorial())}"
