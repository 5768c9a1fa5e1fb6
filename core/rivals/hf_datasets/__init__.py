"""Hugging Face datasets: Arrow files, through torch's DataLoader."""

from ..registration import DECODERS, TORCH, EnvironmentSpec, RivalRegistration

ENVIRONMENT = EnvironmentSpec(
    name="hf-datasets",
    steps=(
        (
            TORCH,
            "numpy==2.1.3",
            *DECODERS,
            "datasets==5.2.0",
        ),
    ),
    module="datasets",
    bytes=1_400_000_000,
)

OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
"""It reads the files of this machine alone, and writes no progress between our answers."""

RIVALS = {
    "hf-datasets": RivalRegistration(
        where=".rivals.hf_datasets.loader:HfDatasets",
        title="Hugging Face datasets",
        container="arrow",
        licence="Apache-2.0",
        home_page="https://huggingface.co/docs/datasets",
        distribution="datasets",
        environment=ENVIRONMENT.name,
        description="torch's DataLoader asks the mapped Arrow files for a batch's rows in one call, and the worker "
        "decodes them with simplejpeg or imagecodecs",
        fair="Images are a column of bytes, because the library's own feature Image decodes with Pillow, one by one. "
        "Workers stay from epoch to epoch, and each batch is normalised at once in the worker.",
        variables=OFFLINE,
    ),
    "hf-datasets-documented": RivalRegistration(
        where=".rivals.hf_datasets.loader:HfDatasetsDocumented",
        title="Hugging Face datasets as documented",
        container="arrow",
        licence="Apache-2.0",
        home_page="https://huggingface.co/docs/datasets",
        distribution="datasets",
        environment=ENVIRONMENT.name,
        description='torch\'s DataLoader takes rows of the features Image or Array3D with with_format("torch")',
        fair="This is the documentation's own code: the library decodes with Pillow and makes the tensors. Workers "
        "stay from epoch to epoch, and each batch is normalised at once in the worker. It has no random crop of its "
        "own, so it takes no part in train224.",
        transforms=("none",),
        usual=False,
        variables=OFFLINE,
    ),
}
