"""MATLAB's files up to version 7 (also Octave's and SciPy's). Version 7.3 is HDF5.

elements    the tags that everything is made of, checked before they are followed
matrices    arrays, text, cells and structures
detect      whether a file is one
file        one open file
"""

from ...base.registry import Registration, Registry
from ..registration import KindRegistration

KIND = KindRegistration(
    where=".inspect.mat5.file:Mat5File",
    title="MATLAB 5",
    detects=".inspect.mat5.detect:has_header",
    schemas=Registry(
        "schema for MATLAB 5 files",
        {
            "mat5-samples": Registration(
                ".inspect.named_arrays.records:ArraySamples", "Arrays of images, and what belongs to each"
            ),
            "mat5-variables": Registration(".inspect.named_arrays.records:SingleArrays", "The variables themselves"),
        },
    ),
)
