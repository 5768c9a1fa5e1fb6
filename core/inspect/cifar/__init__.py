"""CIFAR-10 and CIFAR-100 as they are handed out: pickled batches, or rows of bytes.

batches     what a batch holds, and the names of its classes
detect      whether a folder or a file is CIFAR's
binary      the binary version: rows of a label or two and 3,072 pixels; how it is told
file        a folder of batches, or a file of rows
records     the images, with their labels
"""

from ...base.registry import Registration, Registry
from ..registration import KindRegistration

KIND = KindRegistration(
    where=".inspect.cifar.file:CifarFile",
    title="CIFAR",
    member="batches.meta",
    other_members=("meta",),
    claims=".inspect.cifar.detect:has_batches",
    guesses=".inspect.cifar.detect:looks_like_rows",
    schemas=Registry(
        "schema for CIFAR",
        {"cifar-batch": Registration(".inspect.cifar.records:CifarBatches", "Batches of CIFAR-10 or CIFAR-100")},
    ),
)
