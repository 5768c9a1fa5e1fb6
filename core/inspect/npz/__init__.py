"""NumPy's .npz: a zip archive of .npy files.

detect      whether an archive is one
file        one open archive
"""

from ...base.registry import Registration, Registry
from ..registration import KindRegistration

KIND = KindRegistration(
    where=".inspect.npz.file:NpzFile",
    title="NumPy archive",
    detects=".inspect.npz.detect:is_npz",
    schemas=Registry(
        "schema for NumPy archives",
        {
            "npz-samples": Registration(
                ".inspect.named_arrays.records:ArraySamples", "Arrays of images, and what belongs to each"
            ),
            "npz-arrays": Registration(".inspect.named_arrays.records:SingleArrays", "The arrays themselves"),
        },
    ),
)
