"""Mutated PNGs through our decoder, seeded and reproducible: does it ever read beyond its input, or give wrong pixels?

    python -m benchmarks.fuzz_png --images 200000 [--first SEED] [--slice 5000] [--pause SECONDS]

Each image ends at a page that must not be touched, and so do the batch and all that the decoder works in, which is no
larger than this image needs. A process of its own decodes a slice of seeds, each image with a fresh state and with one
that has seen all images before it, whole and as a view of 224 x 224. Findings are:

    crash       the process died; the seed is told
    history     the fresh state gives something else than the used one
    pixels      it differs from Pillow's pixels (a view: by more than `VIEW_LEVELS` from them, resized without rounding)
    accepted    it answers where Pillow refuses

The counts are printed; the exit status is 1 where there is a finding. `--keep DIR` writes the files of findings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.fuzzing import Fuzz
from benchmarks.png_mutations import mutated

if TYPE_CHECKING:
    from benchmarks.png_checks import PngChecker


def _checker() -> PngChecker:
    from benchmarks.png_checks import PngChecker

    return PngChecker()


FUZZ = Fuzz("benchmarks.fuzz_png", "png", mutated, _checker)
findings_of = FUZZ.findings_of


if __name__ == "__main__":
    FUZZ.main(__doc__)
