"""What training and scaling have in common around their steps: stores, names, records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from ..base.errors import FormatMattersError, InputError
from ..base.events import Event, Message
from ..base.home import Home
from ..loading.loader import Loader
from ..loading.transfer import Batch
from ..machine.session import versions
from ..measure.records import RunRecorder
from ..remote.address import refuse_address
from ..stores.store import Manifest

EXPERIMENT = "train"


def load_manifests(stores: Sequence[str]) -> dict[str, Manifest]:
    """Folder -> manifest. Raises InputError for what is no store, and for stores of several datasets."""
    for store in stores:
        refuse_address(store, "training")
    manifests = {store: Manifest.load(Path(store)) for store in stores}
    datasets = sorted({manifest.dataset for manifest in manifests.values()})
    if len(datasets) > 1:
        raise InputError(f"stores of {' and '.join(datasets)}: choose stores of one dataset, else nothing is compared")
    return manifests


def warnings_about(manifests: Mapping[str, Manifest]) -> Iterator[Event]:
    """A warning where the stores were built from different states of the dataset."""
    if len({manifest.fingerprint for manifest in manifests.values()}) > 1:
        yield Message(
            "These stores were built from different states of the dataset; build the older ones again to compare them.",
            "warning",
        )


def name_of(manifest: Manifest) -> str:
    return f"{manifest.format}/{manifest.variant}"


def about(manifest: Manifest, store: str) -> dict[str, str]:
    """What names a store in every row."""
    return {
        "store": name_of(manifest),
        "format": manifest.format,
        "variant": manifest.variant,
        "dataset": manifest.dataset,
        "path": store,
    }


def begin_record(home: str | None, manifests: Mapping[str, Manifest], setup: Mapping[str, Any]) -> RunRecorder:
    """Begin the record of a run from these stores."""
    fingerprints = {manifest.dataset: manifest.fingerprint for manifest in manifests.values()}
    told = {**setup, "fingerprints": fingerprints, "versions": versions()}
    return RunRecorder.begin(Home.find(home), EXPERIMENT, sorted(fingerprints), told)


def first_batch(loader: Loader) -> Batch:
    """The first batch of the first epoch, in memory of its own."""
    loader.set_epoch(0)
    with closing(iter(loader)) as batches:
        images, labels = next(batches)
        return Batch(images.clone(), labels.clone())


@contextmanager
def blamed_on(store: str) -> Iterator[None]:
    """Errors on purpose name the store that they are about."""
    try:
        yield
    except FormatMattersError as error:
        raise type(error)(f"{store}: {error}") from error
