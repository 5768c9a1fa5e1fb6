"""tf.data over TFRecord files: parsed, decoded, cropped and normalised by TensorFlow, in its threads."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from ..inside.samples import Samples
from ..inside.work import MEAN, SIDE, STD, RivalWork
from ..registration import Epochs

SHARD = 128 << 20
"""Bytes of images for a file: its documentation asks for more than 100 MB in each, and for many to read at once."""

EXACT = "INTEGER_ACCURATE"
"""How JPEGs are decoded: its own choice, INTEGER_FAST, is up to 17 levels away from what everybody else hands out."""

SCALE = (1 / (255 * STD)).astype(np.float32)[:, None, None]
SHIFT = (-MEAN / STD).astype(np.float32)[:, None, None]

AREA, LOG_RATIO, ATTEMPTS = (0.08, 1.0), (log(3 / 4), log(4 / 3)), 10
"""torchvision's defaults."""

FEATURES = {"image": tf.io.FixedLenFeature([], tf.string), "ticket": tf.io.FixedLenFeature([], tf.int64)}


@dataclass(frozen=True)
class TfDataRival:
    """See `core.rivals.registration.RivalAdapter`."""

    def prepare(self, samples: Samples, folder: Path) -> None:
        """Examples of TensorFlow, dealt out to the files in turn."""
        size = sum(len(data) for data, _ in samples.in_order())
        with ExitStack() as stack:
            paths = [str(folder / f"{number:05d}.tfrecord") for number in range(-(-size // SHARD))]
            writers = [stack.enter_context(tf.io.TFRecordWriter(path)) for path in paths]
            for number, (data, ticket) in enumerate(samples.in_order()):
                writers[number % len(writers)].write(_example(data, ticket))

    def open(self, samples: Samples, folder: Path, work: RivalWork) -> Epochs:
        """Shuffled through a buffer of the whole set, still encoded, and anew in each epoch."""

        def sample(record: Any) -> tuple[Any, Any]:
            parsed = tf.io.parse_single_example(record, FEATURES)
            return _view(parsed["image"], samples, work), parsed["ticket"]

        def normalised(images: Any, tickets: Any) -> tuple[Any, Any]:
            planes = tf.transpose(images, (0, 3, 1, 2))
            return tf.cast(planes, tf.float32) * SCALE + SHIFT, tickets

        tf.random.set_seed(work.seed)
        files = [str(path) for path in sorted(folder.glob("*.tfrecord"))]
        dataset = tf.data.TFRecordDataset(files, num_parallel_reads=len(files)).shuffle(len(samples))
        dataset = dataset.map(sample, num_parallel_calls=tf.data.AUTOTUNE)
        dataset = dataset.batch(work.batch_size).map(normalised, num_parallel_calls=tf.data.AUTOTUNE)
        options = tf.data.Options()
        options.deterministic = False
        options.threading.private_threadpool_size = work.workers
        options.threading.max_intra_op_parallelism = 1
        dataset = dataset.prefetch(tf.data.AUTOTUNE).with_options(options)
        return lambda: iter(dataset.as_numpy_iterator())


def _example(data: bytes, ticket: int) -> bytes:
    image = tf.train.Feature(bytes_list=tf.train.BytesList(value=[data]))
    number = tf.train.Feature(int64_list=tf.train.Int64List(value=[ticket]))
    features = tf.train.Features(feature={"image": image, "ticket": number})
    encoded: bytes = tf.train.Example(features=features).SerializeToString()
    return encoded


def _view(data: Any, samples: Samples, work: RivalWork) -> Any:
    """A stored image: uint8 (H, W, 3), or float32 (SIDE, SIDE, 3) of 0 to 255 after `train224`."""
    if work.transform != "train224":
        return _decoded(data, samples)
    if samples.encoding == "jpeg":  # it decodes no more than the crop needs
        shape = tf.io.extract_jpeg_shape(data)
        crop = tf.image.decode_and_crop_jpeg(data, _random_box(shape[0], shape[1]), channels=3, dct_method=EXACT)
    else:
        image = _decoded(data, samples)
        shape = tf.shape(image)
        crop = tf.image.crop_to_bounding_box(image, *tf.unstack(_random_box(shape[0], shape[1])))
    return tf.image.random_flip_left_right(tf.image.resize(crop, (SIDE, SIDE), antialias=True))


def _decoded(data: Any, samples: Samples) -> Any:
    if samples.shape is not None:
        return tf.reshape(tf.io.decode_raw(data, tf.uint8), (*samples.shape, 3))
    if samples.encoding == "png":
        return tf.io.decode_png(data, channels=3)
    return tf.io.decode_jpeg(data, channels=3, dct_method=EXACT)


def _random_box(height: Any, width: Any) -> Any:
    """torchvision's RandomResizedCrop.get_params: int32 (4,): top, left, height and width of the first of ten boxes
    that fits, or of the largest one in the middle. (`sample_distorted_bounding_box` draws the height evenly where
    torchvision draws the area: its crops would be a seventh smaller than everybody else's.)"""
    tall, broad = tf.cast(height, tf.float32), tf.cast(width, tf.float32)
    area = tall * broad * tf.random.uniform((ATTEMPTS,), *AREA)
    ratio = tf.exp(tf.random.uniform((ATTEMPTS,), *LOG_RATIO))
    wide, high = tf.round(tf.sqrt(area * ratio)), tf.round(tf.sqrt(area / ratio))
    fits = (wide > 0) & (wide <= broad) & (high > 0) & (high <= tall)
    first, found = tf.argmax(fits), tf.reduce_any(fits)
    wide = tf.where(found, wide[first], tf.minimum(broad, tf.round(tall * 4 / 3)))
    high = tf.where(found, high[first], tf.minimum(tall, tf.round(broad * 4 / 3)))
    room = tf.where(found, tf.random.uniform((2,)), 0.5)
    top, left = tf.floor(room[0] * (tall - high + 1)), tf.floor(room[1] * (broad - wide + 1))
    return tf.cast(tf.stack((top, left, high, wide)), tf.int32)
