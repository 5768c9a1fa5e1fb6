"""tf.data over TFRecord."""

from __future__ import annotations

from ..registration import EnvironmentSpec, RivalRegistration

ENVIRONMENT = EnvironmentSpec(
    name="tfdata",
    steps=(
        (
            "numpy==2.4.6",
            "tensorflow-cpu==2.21.0",
        ),
    ),
    module="tensorflow",
    bytes=1_600_000_000,
)

RIVALS = {
    "tfdata": RivalRegistration(
        where=".rivals.tfdata.loader:TfDataRival",
        title="tf.data",
        container="tfrecord",
        licence="Apache-2.0",
        home_page="https://www.tensorflow.org/guide/data",
        distribution="tensorflow-cpu",
        environment=ENVIRONMENT.name,
        description="TensorFlow's operations parse, decode, crop and normalise, in a pool of threads",
        fair=(
            "A shuffle buffer of the whole set, still encoded; AUTOTUNE for calls and prefetching, in a pool of as "
            "many threads as there are workers; of a JPEG only the crop is decoded. INTEGER_ACCURATE, since its own "
            "way of decoding is up to 17 levels away from what everybody hands out; antialiased resizing and crops "
            "drawn as torchvision draws them (sample_distorted_bounding_box draws smaller ones), since everybody's are."
        ),
        threads=True,
        inline=False,
        variables={"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "2"},
    )
}
