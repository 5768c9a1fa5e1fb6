"""Files that are one pickle, or a gzipped one. Nothing in them is executed: they are read as plain data
(`core.pickles`).

detect      whether a file is one
file        one open file
records     the samples in a list or a dict
"""

from ...base.registry import Registration, Registry
from ..registration import KindRegistration

KIND = KindRegistration(
    where=".inspect.pickle.file:PickleFile",
    title="pickle",
    detects=".inspect.pickle.detect:is_pickle",
    guesses=".inspect.pickle.detect:is_old_pickle",
    schemas=Registry(
        "schema for pickles",
        {
            "cifar-batch": Registration(".inspect.cifar.records:CifarBatches", "A batch of CIFAR-10 or CIFAR-100"),
            "pickle-arrays": Registration(
                ".inspect.named_arrays.records:ArraySamples", "Arrays of images, and what belongs to each"
            ),
            "pickle-samples": Registration(".inspect.pickle.records:PickledSamples", "A list or dict of samples"),
            "pickle-values": Registration(".inspect.named_arrays.records:SingleArrays", "The values themselves"),
        },
    ),
)
