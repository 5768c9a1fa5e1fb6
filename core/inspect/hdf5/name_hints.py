"""What names promise: which datasets hold images, which labels, which class names, and of which split."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

IMAGE_WORDS = (
    "images", "image", "imgs", "img", "pictures", "picture", "photos", "photo", "pixels", "frames", "frame", "x",
    "data", "faces", "face", "digits", "inputs", "input", "features", "samples", "patches", "patch", "crops", "rgb",
    "slices", "color",
)  # fmt: skip
"""The surest first."""

LABEL_WORDS = (
    "labels", "label", "y", "targets", "target", "ans", "classes", "class", "meta", "category", "categories", "lbl",
    "lbls", "gt", "annotations", "outputs", "output", "ids", "identity", "truth",
)  # fmt: skip

VAGUE_LABEL_WORDS = frozenset(("meta", "outputs", "output", "ids", "identity", "truth", "ans", "annotations"))
"""Words of labels that other things are called, too: they count in a dataset's own name only."""

TEXT_WORDS = (
    "captions", "caption", "texts", "text", "txt", "sentences", "sentence", "descriptions", "description", "titles",
    "title", "transcriptions", "transcription", "transcripts", "transcript", "prompts", "prompt", "utterances",
    "utterance", "questions", "question", "instructions", "instruction", "reports", "report", "words", "word",
)  # fmt: skip
"""What text that belongs to each image is called."""

NO_LABEL = frozenset(
    (
        "start", "starts", "end", "ends", "begin", "stop", "length", "lengths", "len", "lens", "count", "counts",
        "num", "offset", "offsets", "size", "sizes", "ptr", "indptr", "weight", "weights", "valid", "time", "times",
        "timestamp", "timestamps", "timestep", "timesteps",
        "path", "paths", "file", "files", "filename", "filenames", "confidence", "score",
        "scores", "prob", "probs", "logits", "area", "width", "height", "version", "order", "histogram",
    )
)  # fmt: skip
"""Words that make bookkeeping of what would be called a label: label_end_ix, class_counts, target_sizes."""

NO_CLASS = frozenset(
    (
        "done", "dones", "terminal", "terminals", "terminated", "truncated", "timeout", "timeouts", "reward",
        "rewards", "return", "returns", "discount", "action", "actions", "index", "indices", "idx", "ix", "id", "ids",
        "frame", "frames", "step", "steps", "episode", "episodes", "demo", "trial", "trials", "session", "date",
        "year", "month", "day", "hour", "split", "splits", "fold", "folds", "mask", "masks", "is", "has", "in", "x",
        "y", "z", "row", "rows", "col", "cols", "column", "columns", "camera", "cam", "view", "angle", "channel",
        "level", "scale", "seed", "resolution", "resolutions", "subdivisions", "batch", "age", "shape", "shapes",
        "position", "positions", "pos", "compress", "bits", "seq", "sequence", "patient", "subject", "slice", "block",
    )
)  # fmt: skip
"""Words of whole numbers that no guess takes for class numbers."""

CLASS_NAME_WORDS = (
    "list_classes", "class_names", "classnames", "label_names", "labelnames", "classes", "categories", "names",
    "class_list", "label_list", "labels_names", "fine_label_names", "category_names", "idx_to_class", "label_map",
    "meta_classes", "labels_name", "target_names", "labels", "class",
)  # fmt: skip

SPLITS = {
    "train": "train", "training": "train", "trn": "train", "tr": "train",
    "test": "test", "testing": "test", "tst": "test", "te": "test",
    "val": "val", "valid": "val", "validation": "val", "dev": "val", "eval": "val",
    "extra": "extra", "unlabeled": "unlabeled", "query": "query", "gallery": "gallery",
}  # fmt: skip

UNLIKELY = frozenset(
    (
        "kernel", "weight", "weights", "bias", "gamma", "beta", "moving", "mean", "variance", "embedding",
        "embeddings", "optimizer", "momentum", "gradient", "descriptor", "descriptors", "keypoints", "scores",
        "bbox", "bboxes", "bb", "boxes", "landmarks", "coords", "coordinates", "pose", "state", "action", "reward",
        "palette", "lut", "colormap",
    )
)  # fmt: skip
"""Words of arrays that have an image's shape now and then and are none."""

BESIDE = frozenset(
    (
        "mask", "masks", "seg", "segmentation", "depth", "depths", "rawdepths", "instances", "label", "labels",
        "gt", "flow", "normals", "mean", "std", "average",
    )
)  # fmt: skip
"""Words of arrays that lie beside images: shown as images only where there is nothing better."""


SURE_WORDS = (
    *(word for word in IMAGE_WORDS[:10]), "faces", "face", "digits", "patches", "patch", "crops", "rgb", "slices",
)  # fmt: skip
"""Words of images that nothing else is called by, as data, x, inputs and samples are."""

NUMBERS = frozenset(
    (
        "features", "feature", "feats", "feat", "embedding", "embeddings", "embed", "vector", "vectors", "latent",
        "latents", "descriptor", "descriptors", "logits", "tokens", "token", "vgg", "resnet", "pca", "tsne", "umap",
        "neighbors", "neighbours", "distances", "tracks", "track", "trajectory", "trajectories", "spectrum", "spectra",
        "signal", "signals", "waveform", "audio", "wav", "eeg", "ecg", "emg", "imu", "mfcc", "stage", "positions",
        "points", "pointcloud", "cloud", "xyz", "vertices", "joints", "joint", "qpos", "qvel", "effort", "histogram",
        "expression", "genes", "adjacency", "edges", "timeseries", "velocity", "force", "temperature",
    )
)  # fmt: skip
"""Words of numbers that are no pictures, unless they are uint8 or look like pictures for all that."""


TELLING = 400
"""Characters at the end of a path that are looked at; a name may have 64 KiB."""


@lru_cache(maxsize=1 << 14)
def words(path: str) -> tuple[str, ...]:
    """The words of a path in lower case: "train/setX_1" gives train, set, x, 1."""
    found = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", path[-TELLING:])
    split: list[str] = []
    for word in (word.lower() for word in found):
        joined = re.fullmatch(r"(x|y)(train|test|val|valid|tr|te)|(train|test|val|valid)(x|y|set)", word)
        split += [part for part in joined.groups() if part] if joined else [word]
    return tuple(split)


def rank(path: str, known: Sequence[str]) -> int:
    """How much a name promises: the earlier in `known`, the more; the last part of the path counts for most."""
    *groups, leaf = path.split("/")
    return 2 * _best(words(leaf), known) or _best(words("/".join(groups[-2:])), known)


def label_rank(path: str) -> int:
    """How much a name promises labels; 0 for bookkeeping about them. A group called like labels counts, too."""
    groups, _, leaf = path.rpartition("/")
    own = words(leaf)
    if not NO_LABEL.isdisjoint(own):
        return 0
    if any(word not in LABEL_WORDS and word not in SPLITS for word in own):
        own = tuple(word for word in own if word != "ids")  # image_ids and episode_ids number other things
    around = [word for word in words(groups.rpartition("/")[2]) if word not in VAGUE_LABEL_WORDS]
    return 2 * _best(own, LABEL_WORDS) or _best(around, LABEL_WORDS)


def text_rank(path: str) -> int:
    """How much a dataset's own name promises text about each image: captions, sentences."""
    own = words(path.rpartition("/")[2])
    return _best(own, TEXT_WORDS) if NO_LABEL.isdisjoint(own) else 0


def surely_images(path: str) -> bool:
    """Whether a dataset, or the group it lies in, is called as only images are."""
    own, around = words(path.rpartition("/")[2]), words(path.rpartition("/")[0].rpartition("/")[2])
    if not NUMBERS.isdisjoint(own):
        return False
    return any(word in SURE_WORDS for word in own) or any(word in SURE_WORDS for word in around)


def may_be_classes(path: str) -> bool:
    """Whether whole numbers under this name may be class numbers, as far as nothing else is known of them."""
    own = words(path.rpartition("/")[2])
    return (NO_CLASS | NO_LABEL).isdisjoint(own)


def _best(given: Sequence[str], known: Sequence[str]) -> int:
    return max((len(known) - known.index(word) for word in given if word in known), default=0)


def split_of(path: str) -> str | None:
    """ "train", "test", "val", ... where the name says so."""
    return next((SPLITS[word] for word in reversed(words(path)) if word in SPLITS), None)


def has(path: str, known: frozenset[str]) -> bool:
    """Whether the last part of a path has one of these words."""
    return not known.isdisjoint(words(path.rpartition("/")[2]))


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """The key by which people sort names: img2 before img10."""
    return tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in re.findall(r"\d{1,18}|\D+", name))
