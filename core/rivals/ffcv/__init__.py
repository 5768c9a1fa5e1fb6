"""FFCV: a container of its own, compiled loops and a C library, in threads."""

from __future__ import annotations

from ..registration import TORCH, EnvironmentSpec, RivalRegistration

ENVIRONMENT = EnvironmentSpec(
    name="ffcv",
    steps=(
        (
            TORCH,
            "numpy==2.1.3",
            "numba==0.68.1",
            "opencv-python-headless==5.0.0.93",
            "pillow==13.0.0",
            "assertpy==1.1",
            "fastargs==1.2.0",
            "psutil==7.2.2",
            "pytorch-pfn-extras==0.9.0",
            "terminaltables==3.1.10",
            "tqdm==4.70.1",
            "setuptools==84.2.1",
            "wheel==0.48.0",
        ),
        # it is compiled here; it asks for opencv-python, and runs with the build that has no windows
        ("--no-build-isolation", "--no-deps", "ffcv==1.0.2"),
    ),
    module="ffcv",
    commands=("g++", "pkg-config"),
    libraries=("opencv4", "libturbojpeg"),
    packages=("g++", "pkg-config", "libopencv-dev", "libturbojpeg0-dev"),
    bytes=1_390_000_000,
)

FAIR = (
    "order RANDOM (a new permutation of all samples each epoch), drop_last off and os_cache on, so that an epoch has "
    "every sample and the page cache serves it as it serves everybody; ToTorchImage(channels_last=False), since all "
    "hand out contiguous NCHW. OMP_WAIT_POLICY=PASSIVE: on few cores the threads of its OpenMP otherwise spend them "
    "waiting. Pages are the default 8 MiB; a larger image is refused, since FFCV's writer would wait for ever."
)


def _ffcv(title: str, description: str, fair: str, encodings: tuple[str, ...], original: bool) -> RivalRegistration:
    return RivalRegistration(
        where=".rivals.ffcv.loader:FfcvRival",
        title=title,
        container="beton",
        licence="Apache-2.0",
        home_page="https://ffcv.io",
        distribution="ffcv",
        environment=ENVIRONMENT.name,
        description=description,
        fair=fair,
        encodings=encodings,
        reencodes=not original,
        threads=True,
        inline=False,
        variables={"OMP_WAIT_POLICY": "PASSIVE", "TQDM_DISABLE": "1"},
        settings={"original": original},
    )


RIVALS = {
    "ffcv": _ffcv(
        "FFCV",
        "Threads of compiled code decode and normalise a batch from one mapped file",
        f"As shipped, its writer encodes JPEGs again with quality 90. {FAIR}",
        ("jpeg", "raw"),
        original=False,
    ),
    "ffcv-original": _ffcv(
        "FFCV, original bytes",
        "As FFCV, with the JPEG files' own bytes in its container",
        f"A field of ours writes the files' bytes unchanged; reading is FFCV's own. {FAIR}",
        ("jpeg",),
        original=True,
    ),
}
