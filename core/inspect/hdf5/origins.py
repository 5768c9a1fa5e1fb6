"""What a file says it is: weights of a model, a table of cells and genes, recordings of a laboratory.

Where a file says so itself, nothing needs to be guessed from shapes. Sources of the layouts: Keras
(`keras/src/legacy/saving/legacy_h5_format.py`, `keras/src/saving/saving_lib.py`), PyTorch's names of a state dict,
AnnData's on-disk format, 10x Genomics' feature-barcode matrices, pandas' HDFStore, Neurodata Without Borders.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from .facts import Facts, look
from .file import Hdf5File
from .name_hints import TELLING, words
from .spec import word

KERAS = ("keras_version", "layer_names", "weight_names", "optimizer_weights")
"""Attributes of the root, or of a group in it, of a model's file."""

PARAMETER = frozenset(
    (
        "kernel", "weight", "weights", "bias", "biases", "gamma", "beta", "running", "moving", "num_batches_tracked",
        "tracked", "exp", "momentum", "velocity", "lora", "alpha", "recurrent", "depthwise", "pointwise", "embeddings",
        "sqrt", "scale", "iter", "iteration", "iterations", "w", "b", "m", "v",
    )
)  # fmt: skip
"""Words that parameters of models and their optimizers are called by; single letters say little alone."""

WEIGHT_GROUPS = frozenset(("model_weights", "optimizer_weights", "state_dict", "_layer_checkpoint_dependencies"))

ASKED = 64
"""Groups at the top of a file whose attributes are asked for what it is."""

MOSTLY = 0.8
"""The part of a file's numbers that are called like parameters, from which on it is a model's."""

TABLES = frozenset(("X", "layers", "obs", "var", "obsm", "varm", "obsp", "varp", "raw"))
"""AnnData's own groups; what lies under `uns` is anybody's, pictures of a tissue among it."""

PICTURE_TYPES = frozenset(
    (
        "ImageSeries", "TwoPhotonSeries", "OnePhotonSeries", "OpticalSeries", "ImageMaskSeries", "GrayscaleImage",
        "RGBImage", "RGBAImage", "Image", "Images", "ImagingPlane", "RetinotopyMap", "VectorData", "PlaneSegmentation",
    )
)  # fmt: skip
"""Types of Neurodata Without Borders whose data may be pictures (VectorData: the masks of a segmentation)."""


@dataclass(frozen=True)
class Origin:
    """What a file says of itself. `model`: how it is told that it holds a model's weights, or None."""

    model: str | None
    anndata: bool
    sparse: frozenset[str]

    def refusal(self, facts: Facts) -> str | None:
        """Why a dataset is no picture, whatever its shape; None where the file says nothing about it."""
        if self.model is not None:
            return self.model
        group = facts.name.rpartition("/")[0]
        if group in self.sparse:
            return "a sparse matrix is kept in its group, as data, indices and indptr"
        if not WEIGHT_GROUPS.isdisjoint(facts.name.split("/")):
            return "it lies among the weights of a model"
        if self.anndata and facts.name.split("/")[0] in TABLES:
            return "AnnData keeps tables of cells and genes there"
        return _by_neurodata(facts, group)


def _by_neurodata(facts: Facts, group: str) -> str | None:
    for told in (facts.attributes, facts.file.attributes(group) if group else {}):
        kind = word(told.get("neurodata_type"))
        if kind:
            return None if kind in PICTURE_TYPES else f"its neurodata_type is {kind}"
    return None


def origin_of(file: Hdf5File) -> Origin:
    """What the file says of itself, looked up once."""
    if file.origin is None:
        looked = look(file)
        root = file.attributes()
        anndata = word(root.get("encoding-type")) == "anndata" or {"obs", "var", "X"} <= _top(looked)
        file.origin = Origin(_model(file, looked), anndata, frozenset(_sparse(looked)))
    found: Origin = file.origin
    return found


def refusal(facts: Facts) -> str | None:
    """Why a dataset is no picture, by what its file says; None where it says nothing."""
    return origin_of(facts.file).refusal(facts)


def _top(looked: Sequence[Facts]) -> set[str]:
    return {facts.name.split("/")[0] for facts in looked}


def _sparse(looked: Sequence[Facts]) -> list[str]:
    """The groups that hold a compressed sparse matrix."""
    leaves: dict[str, set[str]] = {}
    for facts in looked:
        group, _, leaf = facts.name.rpartition("/")
        leaves.setdefault(group, set()).add(leaf)
    return [group for group, found in leaves.items() if {"data", "indices", "indptr"} <= found]


# ---------------------------------------------------------------- weights


def _model(file: Hdf5File, looked: Sequence[Facts]) -> str | None:
    numbers = [facts for facts in looked if facts.is_numbers]
    if not numbers:
        return None
    named = parameters_by_name([facts.name for facts in numbers])
    return _keras(file, looked) or (named and f"its datasets are {named}") or _parameters_by_shape(numbers)


def _keras(file: Hdf5File, looked: Sequence[Facts]) -> str | None:
    """Keras up to 2 by its attributes, Keras 3 by the groups `vars` in which its numbers lie."""
    groups = [name for name in sorted(_top(looked)) if name not in file.datasets][:ASKED]
    for owner in ["", *groups]:
        told = file.attributes(owner)
        found = next((name for name in KERAS if name in told), None)
        if found is not None:
            version = word(told.get("keras_version")) or word(file.attributes().get("keras_version"))
            return f"the attribute {found} says that these are the weights of a Keras model" + (
                f" (Keras {version})" if version else ""
            )
    inside = [facts for facts in looked if re.search(r"(^|/)vars/\d+$", facts.name[-TELLING:])]
    if inside and len(inside) >= MOSTLY * len(looked):
        return "its datasets lie in groups called vars, as Keras 3 keeps the weights of a model"
    return None


def parameters_by_name(names: Sequence[str]) -> str | None:
    """ "called like the weights of a model (bias, weight)", where these names of arrays are those of a state dict."""
    found = [name for name in names if _is_parameter(name)]
    if len(found) < 2 or len(found) < MOSTLY * len(names):
        return None
    leaves = {name.replace(".", "/").rpartition("/")[2].split(":")[0] for name in found}
    several = any("/" in name or "." in name for name in found)
    if not several or len(leaves) < 2:
        return None
    return f"called like the weights of a model ({', '.join(sorted(leaves)[:3])})"


def _is_parameter(name: str) -> bool:
    leaf = name[-TELLING:].replace(".", "/").rpartition("/")[2]
    return not PARAMETER.isdisjoint(words(leaf))


def _parameters_by_shape(numbers: Sequence[Facts]) -> str | None:
    """By pairs of a kernel and a bias as long as one of its axes, under names that say nothing: conv1/0 and conv1/1."""
    groups: dict[str, list[Facts]] = {}
    for facts in numbers:
        group, _, leaf = facts.name.rpartition("/")
        if group and leaf.isdigit() and facts.dtype.kind == "f":
            groups.setdefault(group, []).append(facts)
    pairs = [found for found in groups.values() if _is_pair(found)]
    if len(pairs) < 2 or sum(map(len, pairs)) < MOSTLY * len(numbers):
        return None
    return "its groups are pairs of a kernel and a bias, as the layers of a model are"


def _is_pair(found: Sequence[Facts]) -> bool:
    if len(found) != 2:
        return False
    bias, kernel = sorted(found, key=lambda facts: len(facts.shape))
    ends = {kernel.shape[0], kernel.shape[-1]} if kernel.shape else set()
    return len(bias.shape) == 1 and len(kernel.shape) in (2, 3, 4, 5) and prod(bias.shape) in ends
