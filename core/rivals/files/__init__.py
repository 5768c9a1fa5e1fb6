"""torch's DataLoader over image files, with three libraries that decode them."""

from ..registration import DECODERS, TORCH, EnvironmentSpec, RivalRegistration

ENVIRONMENT = EnvironmentSpec(
    name="files",
    steps=((TORCH, "numpy==2.1.3", *DECODERS),),
    module="torch",
    bytes=1_090_000_000,
)


def _files(decoder: str, library: str, encodings: tuple[str, ...]) -> RivalRegistration:
    return RivalRegistration(
        where=".rivals.files.loader:ImageFiles",
        title=f"Image files, {library}",
        container="files",
        licence="BSD-3-Clause",
        home_page="https://pytorch.org",
        distribution="torch",
        environment=ENVIRONMENT.name,
        description=f"torch's DataLoader opens each image's file in its class folder and decodes it with {library}",
        fair="Workers stay from epoch to epoch, since starting them is no loading. Images stay bytes until a batch is "
        "stacked and are normalised a batch at a time in the worker, which is faster than image by image. Files are "
        "listed once, and labels come from their folders.",
        encodings=encodings,
        settings={"decoder": decoder},
    )


RIVALS = {
    "files-pillow": _files("pillow", "Pillow", ("jpeg", "png")),
    "files-simplejpeg": _files("simplejpeg", "simplejpeg (libjpeg-turbo)", ("jpeg",)),
    "files-imagecodecs": _files("imagecodecs", "imagecodecs (libjpeg-turbo, libspng)", ("jpeg", "png")),
}
