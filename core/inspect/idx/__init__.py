"""MNIST's idx files, plain and gzipped: an array of numbers behind its shape.

header      the magic number, type and shape, from bytes alone
detect      whether a file is one
file        one open file, and the labels beside it
records     images with their labels; labels and numbers by themselves
"""

from ...base.registry import Registration, Registry
from ..registration import KindRegistration

KIND = KindRegistration(
    where=".inspect.idx.file:IdxFile",
    title="idx (MNIST)",
    detects=".inspect.idx.detect:is_whole",
    guesses=".inspect.idx.detect:begins_like_one",
    schemas=Registry(
        "schema for idx files",
        {
            "idx-emnist": Registration(
                ".inspect.idx.records:EmnistImages", "Images that lie on their side, as EMNIST's do"
            ),
            "idx-images": Registration(".inspect.idx.records:IdxImages", "Images, and the labels of the file beside"),
            "idx-labels": Registration(".inspect.idx.records:LabelsAlone", "Labels, one number each"),
            "idx-numbers": Registration(".inspect.idx.records:IdxRows", "Rows of numbers"),
            "idx-transposed": Registration(
                ".inspect.idx.records:TransposedImages", "Images, height and width exchanged"
            ),
        },
    ),
)
