"""Class numbers that count from 1, which a loss that counts from 0 reads wrongly, or not at all."""

from __future__ import annotations

import numpy as np

from ...base.contracts import Labels
from ..records import Finding

_MOST_CLASSES = 100_000


def one_based(numbers: Labels, where: str) -> list[Finding]:
    """The finding that labels (int, (n,)) run from 1 to the number of classes; none where they count from 0, or are no
    class numbers."""
    if numbers.size == 0 or numbers.min() != 1 or numbers.max() < 2 or numbers.max() > _MOST_CLASSES:
        return []
    used = int(np.count_nonzero(np.bincount(numbers.reshape(-1))))
    highest = int(numbers.max())
    if 2 * used <= highest:
        return []
    return [
        Finding(
            "labels-from-1",
            int(numbers.size),
            where,
            f"labels 1..{highest}: they count from 1, no sample has class 0",
            "subtract 1 when loading: PyTorch's cross entropy counts classes from 0 and fails on the last one",
        )
    ]


SVHN_CLASSES = ("(none)", "1", "2", "3", "4", "5", "6", "7", "8", "9", "0")
"""The digits of the Street View House Numbers (http://ufldl.stanford.edu/housenumbers, "Format 2"): 10 stands for 0."""


def is_svhn(image: str, shape: tuple[int, ...], label: str | None, numbers: Labels) -> bool:
    """Whether these are the cropped digits of SVHN: `X`, 32 x 32 x 3 x n, and `y` from 1 to 10."""
    named = (image, label) == ("X", "y") and shape[:3] == (32, 32, 3) and len(shape) == 4
    return named and numbers.size > 0 and int(numbers.min()) >= 1 and int(numbers.max()) == 10


def svhn_digit(numbers: Labels, where: str) -> Finding:
    return Finding(
        "label-10-is-0",
        int(np.count_nonzero(numbers == 10)),
        where,
        "labels 1..10, and 10 is the digit 0, as SVHN keeps them",
        "take the labels modulo 10 when loading, as torchvision does",
    )
