"""Deep Lake: a database of columns for deep learning."""

from ..registration import DECODERS, TORCH, EnvironmentSpec, RivalRegistration

ENVIRONMENT = EnvironmentSpec(
    name="deeplake",
    steps=(
        (
            TORCH,
            "numpy==2.1.3",
            *DECODERS,
            "deeplake==4.7.4",
        ),
    ),
    module="deeplake",
    bytes=1_250_000_000,
)

RIVALS = {
    "deeplake": RivalRegistration(
        where=".rivals.deeplake.loader:DeepLake",
        title="Deep Lake",
        container="deeplake",
        licence="Apache-2.0",
        home_page="https://docs.deeplake.ai",
        distribution="deeplake",
        environment=ENVIRONMENT.name,
        description="torch's DataLoader takes a batch's rows from the Deep Lake dataset in one call, and the worker "
        "decodes them with simplejpeg or imagecodecs",
        fair="Rows are taken a batch at a time, since each call has a price. Images are a column of bytes. Each worker "
        "opens the dataset for itself and stays from epoch to epoch; each batch is normalised at once in the worker.",
    )
}
