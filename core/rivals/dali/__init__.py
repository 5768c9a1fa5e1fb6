"""NVIDIA DALI: a graph of C++ operators, run by its own threads, on the CPU or on a GPU."""

from __future__ import annotations

from ..registration import TORCH, EnvironmentSpec, RivalRegistration

ENVIRONMENT = EnvironmentSpec(
    name="dali",
    steps=((TORCH, "numpy==2.1.3", "nvidia-dali-cuda120==2.4.0"),),
    module="nvidia.dali",
    bytes=1_940_000_000,
)

FAIR = (
    "external_source hands it batches of views of one mapped file, shuffled anew each epoch: its file reader took 25% "
    "more processor time for 32x32 JPEGs and PNGs, the same for photos, and its labels are int32. exec_dynamic, whose "
    "batches reach PyTorch without a copy. Its decoder crops, so that it decodes no more than it must."
)


def _dali(title: str, description: str, device: str) -> RivalRegistration:
    return RivalRegistration(
        where=".rivals.dali.loader:DaliRival",
        title=title,
        container="packed",
        licence="Apache-2.0",
        home_page="https://github.com/NVIDIA/DALI",
        distribution="nvidia-dali-cuda120",
        environment=ENVIRONMENT.name,
        description=description,
        fair=FAIR,
        devices=(device,),
        threads=True,
        inline=False,
    )


RIVALS = {
    "dali": _dali("DALI (CPU)", "Threads of C++ operators read, decode and normalise a batch", "cpu"),
    "dali-gpu": _dali(
        "DALI (GPU)", "The CPU and nvJPEG decode together, the GPU crops, resizes and normalises", "cuda"
    ),
}
