"""MosaicML Streaming: MDS shards."""

from __future__ import annotations

from ..registration import DECODERS, TORCH, EnvironmentSpec, RivalRegistration

ENVIRONMENT = EnvironmentSpec(
    name="streaming",
    steps=(
        (
            TORCH,
            "torchvision==0.28.0",
            "numpy==2.1.3",
            *DECODERS,
            "mosaicml-streaming==0.13.0",
        ),
    ),
    module="torch",  # importing `streaming` takes what its adapter does about torchvision
    bytes=2_050_000_000,
)

RIVALS = {
    "streaming": RivalRegistration(
        where=".rivals.streaming.loader:StreamingRival",
        title="MosaicML Streaming",
        container="mds",
        licence="Apache-2.0",
        home_page="https://github.com/mosaicml/streaming",
        distribution="mosaicml-streaming",
        environment=ENVIRONMENT.name,
        description="torch's DataLoader; its dataset tells each worker what to read, one read a sample",
        fair=(
            "Read where it was written (no remote, no second copy); the dataset is told the batch size, so that it "
            "deals out whole batches to workers; its own shuffle (py1e), whose blocks of 262,144 samples hold a whole "
            "set of that size. Bytes are decoded by simplejpeg and imagecodecs, and a batch is normalised at once."
        ),
    )
}
