"""MLX Data: Apple's threads of C++ operators, for any framework."""

from __future__ import annotations

from ..registration import TORCH, EnvironmentSpec, RivalRegistration

ENVIRONMENT = EnvironmentSpec(
    name="mlx-data",
    steps=((TORCH, "numpy==2.1.3", "pillow==13.0.0", "mlx-data==0.1.0"),),
    module="mlx.data",
    bytes=1_060_000_000,
)

RIVALS = {
    "mlx-data": RivalRegistration(
        where=".rivals.mlx_data.loader:MlxDataRival",
        title="MLX Data",
        container="files",
        licence="MIT",
        home_page="https://github.com/ml-explore/mlx-data",
        distribution="mlx-data",
        environment=ENVIRONMENT.name,
        description="Threads of C++ read, decode and stack a batch of files",
        fair="A shuffled buffer with ordered_prefetch, each thread making a whole batch: a stream with prefetch ends "
        "an epoch with several short ones. PyTorch normalises a batch in the thread that made it. Its own random crop "
        "draws widths and heights otherwise than torchvision, so that Pillow crops and resizes in its threads.",
        encodings=("jpeg", "png"),
        threads=True,
        inline=False,
    )
}
