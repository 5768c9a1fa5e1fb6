"""torch's DataLoader over image files, with torchvision's own decoding and transforms."""

from ..registration import EnvironmentSpec, RivalRegistration

ENVIRONMENT = EnvironmentSpec(
    name="torchvision",
    steps=(("torch==2.14.1", "torchvision==0.29.1", "numpy==2.1.3", "pillow==13.0.0"),),
    module="torchvision",
    bytes=5_420_000_000,
)

RIVALS = {
    "files-torchvision": RivalRegistration(
        where=".rivals.files_torchvision.loader:TorchvisionFiles",
        title="Image files, torchvision",
        container="files",
        licence="BSD-3-Clause",
        home_page="https://docs.pytorch.org/vision",
        distribution="torchvision",
        environment=ENVIRONMENT.name,
        description="torch's DataLoader opens each image's file with torchvision's decode_image and transforms the "
        "tensor with its transforms v2",
        fair="Workers stay from epoch to epoch, since starting them is no loading. Images stay uint8 tensors through "
        "the random crop, as torchvision advises, and are normalised a batch at a time in the worker, by its own "
        "transforms.",
        encodings=("jpeg", "png"),
    )
}
