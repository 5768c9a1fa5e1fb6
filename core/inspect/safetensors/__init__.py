"""safetensors files: arrays of numbers behind a header in JSON.

header      the header, checked against the file: the one parser, which values inside other containers use, too
detect      whether a file is one
file        one open file
"""

from ...base.registry import Registration, Registry
from ..registration import KindRegistration

KIND = KindRegistration(
    where=".inspect.safetensors.file:SafetensorsFile",
    title="safetensors",
    detects=".inspect.safetensors.detect:has_header",
    schemas=Registry(
        "schema for safetensors",
        {
            "safetensors-samples": Registration(
                ".inspect.named_arrays.records:ArraySamples", "Arrays of images, and what belongs to each"
            ),
            "safetensors-tensors": Registration(".inspect.named_arrays.records:SingleArrays", "The tensors themselves"),
        },
    ),
)
