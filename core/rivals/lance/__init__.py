"""Lance: a columnar file format made for fast random access."""

from ..registration import DECODERS, TORCH, EnvironmentSpec, RivalRegistration

ENVIRONMENT = EnvironmentSpec(
    name="lance",
    steps=(
        (
            TORCH,
            "numpy==2.1.3",
            *DECODERS,
            "pylance==14.0.2",
        ),
    ),
    module="lance",
    bytes=1_520_000_000,
)

RIVALS = {
    "lance": RivalRegistration(
        where=".rivals.lance.loader:LanceImages",
        title="Lance",
        container="lance",
        licence="Apache-2.0",
        home_page="https://lance.org",
        distribution="pylance",
        environment=ENVIRONMENT.name,
        description="torch's DataLoader takes a batch's rows from the Lance dataset in one call, and the worker "
        "decodes them with simplejpeg or imagecodecs",
        fair="Rows are taken a batch at a time, since each call has a price. Workers come from a fork server, because "
        "the library's threads do not survive a fork, and stay from epoch to epoch; each batch is normalised at once "
        "in the worker. Its compression of large values is off, which costs reading more than it saves.",
    )
}
