"""SPDL: a pipeline of threads, with FFmpeg's decoders or with whatever decodes without Python's lock."""

from __future__ import annotations

from ..registration import DECODERS, TORCH, EnvironmentSpec, RivalRegistration

ENVIRONMENT = EnvironmentSpec(
    name="spdl",
    steps=(
        (
            TORCH,
            "numpy==2.1.3",
            *DECODERS,
            "spdl==0.8.0",
        ),
    ),
    module="spdl.pipeline",
    shared_libraries=("avutil", "avcodec", "avformat", "avfilter", "avdevice"),
    packages=("ffmpeg",),
    bytes=1_120_000_000,
)

FAIR = (
    "A whole batch is one task of its thread pool, since tasks of one image cost more than decoding small ones. The "
    "pipeline has a continuous source, so that it is built once and not for every epoch. Each batch is normalised by "
    "PyTorch in the thread that decoded it, by one of PyTorch's threads."
)


def _spdl(title: str, description: str, fair: str, encodings: tuple[str, ...], own: bool) -> RivalRegistration:
    return RivalRegistration(
        where=".rivals.spdl.loader:SpdlRival",
        title=title,
        container="files",
        licence="BSD-2-Clause",
        home_page="https://facebookresearch.github.io/spdl",
        distribution="spdl",
        environment=ENVIRONMENT.name,
        description=description,
        fair=fair,
        encodings=encodings,
        threads=True,
        inline=False,
        settings={"own": own},
    )


RIVALS = {
    "spdl": _spdl(
        "SPDL",
        "Threads decode batches of files with FFmpeg, which crops and resizes as well",
        f"Its own image loading, by FFmpeg's shared libraries on this system. {FAIR}",
        ("jpeg", "png"),
        own=True,
    ),
    "spdl-pipeline": _spdl(
        "SPDL, other decoders",
        "SPDL's threads decode batches of files with simplejpeg or imagecodecs; Pillow crops and resizes",
        f"The decoders that PyTorch's DataLoader has here, so that its pipeline is what differs. {FAIR}",
        ("jpeg", "png"),
        own=False,
    ),
}
