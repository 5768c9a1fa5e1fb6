"""WebDataset: tar files, by its fastest way and by its documentation's."""

from __future__ import annotations

from ..registration import DECODERS, TORCH, EnvironmentSpec, RivalRegistration

ENVIRONMENT = EnvironmentSpec(
    name="webdataset",
    steps=(
        (
            TORCH,
            "numpy==2.4.6",
            *DECODERS,
            "webdataset==1.0.2",
        ),
    ),
    module="webdataset",
    bytes=1_050_000_000,
)

FAIR = (
    "At least 64 shards, so that workers have about as many each, written in a mixed order as its makers advise; all "
    "shards shuffled (detshuffle: with a seed alone their order is the same in every epoch) and a buffer of 5,000 "
    "samples, since it cannot shuffle the whole set; workers make whole batches and stay from epoch to epoch."
)


def _webdataset(title: str, description: str, fair: str, documented: bool) -> RivalRegistration:
    return RivalRegistration(
        where=".rivals.webdataset.loader:WebDatasetRival",
        title=title,
        container="tar",
        licence="BSD-3-Clause",
        home_page="https://github.com/webdataset/webdataset",
        distribution="webdataset",
        environment=ENVIRONMENT.name,
        description=description,
        fair=f"{fair} {FAIR}",
        usual=not documented,
        settings={"documented": documented},
    )


RIVALS = {
    "webdataset": _webdataset(
        "WebDataset",
        "Workers read tar files from front to back and decode with what is fastest",
        "simplejpeg and imagecodecs decode, bare pixels lie in the tar as they are, and a batch is normalised at once.",
        documented=False,
    ),
    "webdataset-documented": _webdataset(
        "WebDataset, as documented",
        'Workers read tar files from front to back; `.decode("pil")` and a transform make a tensor of each sample',
        "Bare pixels lie in the tar as .npy files, which its own decoder reads.",
        documented=True,
    ),
}
