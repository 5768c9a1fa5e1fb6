"""LitData: chunks of its own, with a full shuffle and with its own windows."""

from __future__ import annotations

from ..registration import DECODERS, TORCH, EnvironmentSpec, RivalRegistration

ENVIRONMENT = EnvironmentSpec(
    name="litdata",
    steps=(
        (
            TORCH,
            "numpy==2.4.6",
            *DECODERS,
            "litdata==0.2.76",
        ),
    ),
    module="litdata",
    bytes=1_150_000_000,
)

FAIR = (
    "Chunks of 64 MB, mapped where they lie, written in a mixed order, since it shuffles chunk by chunk; drop_last "
    "off, so that an epoch has every sample; as many workers as it is asked for, whatever it thinks of the memory. "
    "Bytes are decoded by simplejpeg and imagecodecs, and a batch is normalised at once."
)


def _litdata(title: str, fair: str, full_shuffle: bool) -> RivalRegistration:
    return RivalRegistration(
        where=".rivals.litdata.loader:LitDataRival",
        title=title,
        container="litdata",
        licence="Apache-2.0",
        home_page="https://github.com/Lightning-AI/litData",
        distribution="litdata",
        environment=ENVIRONMENT.name,
        description="Its own DataLoader; each worker maps its chunks and reads their samples one by one",
        fair=f"{fair} {FAIR}",
        variables={"LITDATA_DISABLE_VERSION_CHECK": "1", "LITDATA_POSIX_MAX_WORKERS": "0"},
        usual=full_shuffle,
        settings={"full_shuffle": full_shuffle},
    )


RIVALS = {
    "litdata": _litdata(
        "LitData",
        'item_shuffle_window="full" permutes all samples of a chunk, and batch_decode=0 reads one at a time, which '
        "such an order asks for: its own windows leave neighbours together (litdata-windows has them).",
        full_shuffle=True,
    ),
    "litdata-windows": _litdata(
        "LitData, its own windows",
        "Its own choice: blocks of 256 samples are shuffled, and samples within a block, which is quicker to read and "
        "keeps neighbours together in every epoch.",
        full_shuffle=False,
    ),
}
