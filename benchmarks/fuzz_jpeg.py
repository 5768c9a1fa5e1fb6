"""Mutated JPEGs through our decoder, seeded and reproducible: does it ever read beyond its input, or give wrong pixels?

    python -m benchmarks.fuzz_jpeg --images 200000 [--first SEED] [--slice 5000] [--pause SECONDS]

Each image ends at a page that must not be touched, and so do the batch, the decoder's tables and its working memory
(or they begin behind one): what reads or writes beyond them ends the process, which is a finding. A process of its own
decodes a slice of seeds, each image with a fresh state and with one that has seen all images before it, whole and as a
view of 224 x 224. Findings are:

    crash       the process died; the seed is told
    history     the fresh state gives something else than the used one
    pixels      it differs from Pillow's pixels (a view: by more than `VIEW_LEVELS` from Pillow's planes, resized)
    accepted    it answers where Pillow refuses
    staged      the reference stages (libjpeg-turbo through simplejpeg) differ from Pillow's pixels, or answer alone

The counts are printed; the exit status is 1 where there is a finding. `--keep DIR` writes the files of findings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.fuzzing import Fuzz
from benchmarks.jpeg_files import clean
from benchmarks.jpeg_mutations import mutated

if TYPE_CHECKING:
    from benchmarks.jpeg_checks import Checker


def _checker() -> Checker:
    from benchmarks.jpeg_checks import Checker

    return Checker(clean())


FUZZ = Fuzz("benchmarks.fuzz_jpeg", "jpg", mutated, _checker)
findings_of = FUZZ.findings_of


if __name__ == "__main__":
    FUZZ.main(__doc__)
