"""Grain over ArrayRecord, with worker processes and with threads."""

from __future__ import annotations

from ..registration import DECODERS, EnvironmentSpec, RivalRegistration

ENVIRONMENT = EnvironmentSpec(
    name="grain",
    steps=(
        (
            "numpy==2.4.6",
            *DECODERS,
            "array_record==0.8.6",
            "grain==0.2.18",
        ),
    ),
    module="grain",
    bytes=210_000_000,
)

FAIR = (
    "ArrayRecord with one record a group, as Grain asks for, and uncompressed, since images have been; a global "
    "shuffle; batches before repeat, so that each epoch holds every sample once; one iterator for all epochs, since "
    "each new one starts its workers anew. Bytes are decoded by simplejpeg and imagecodecs, arrays are NumPy's."
)


def _grain(title: str, description: str, fair: str, threads: bool) -> RivalRegistration:
    return RivalRegistration(
        where=".rivals.grain.loader:GrainRival",
        title=title,
        container="arrayrecord",
        licence="Apache-2.0",
        home_page="https://github.com/google/grain",
        distribution="grain",
        environment=ENVIRONMENT.name,
        description=description,
        fair=f"{fair} {FAIR}",
        threads=threads,
        usual=not threads,
        settings={"threads": threads},
    )


RIVALS = {
    "grain": _grain(
        "Grain",
        "Worker processes read records at random, and hand batches over in shared memory",
        "mp_prefetch with no reading threads, as it advises where reading is no wait.",
        threads=False,
    ),
    "grain-threads": _grain(
        "Grain, threads",
        "Threads of one process read records at random and make a batch each",
        "ReadOptions with as many threads as there are workers.",
        threads=True,
    ),
}
