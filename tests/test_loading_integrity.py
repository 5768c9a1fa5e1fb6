"""What a loader reads is what was built: payloads and labels against the checksums that the store keeps."""

from __future__ import annotations

import pickle
import shutil
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.base.checksums import of_bytes
from core.base.contracts import Extents
from core.base.errors import InputError, WorkError
from core.base.events import finish
from core.base.home import Home
from core.building import Build
from core.loading import integrity
from core.loading.integrity import Checks
from core.loading.loader import make_loader
from core.loading.task import Load
from core.stores.store import Manifest, Store, labels_checksum, open_store
from tests.loading_fixtures import memory_store

STORES = [("lmdb", "raw", "none"), ("lmdb", "jpeg", "none"), ("hdf5", "raw", "zstd"), ("disk", "raw", "none")]
KINDS = [(store, kind, 0) for store in STORES for kind in ("fast", "torch", "naive")]
KINDS += [(STORES[0], "fast", "threads:2"), (STORES[0], "fast", "processes:1"), (STORES[0], "torch", 1)]
BAD = 17


@pytest.fixture(scope="module")
def built(_imported: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str, str], Path]:
    home = tmp_path_factory.mktemp("built") / "home"
    shutil.copytree(_imported, home)
    return {store: Path(finish(Build("shapes", *store, workers=1, home=str(home)).run())["store"]) for store in STORES}


def copied(store: Path, folder: Path) -> Path:
    """The store, to be damaged."""
    target = folder / "shapes" / store.parent.name / store.name
    shutil.copytree(store, target)
    return target


def damage(store: Path, index: int) -> None:
    """Change one byte of a sample's stored payload (its last but eight: pixels, or entropy-coded bytes)."""
    opened = open_store(store)
    stored = bytes(opened.reader.read([index])[0])
    opened.close()
    for file in store.rglob("*"):
        if file.is_file() and (at := (data := file.read_bytes()).find(stored)) >= 0:
            at += len(stored) - 8
            file.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
            return
    raise AssertionError("the payload is nowhere")


def epoch(store: Path, **options: Any) -> None:
    opened = open_store(store)
    try:
        with make_loader(opened, **{"batch_size": 8, "workers": 0, "output": "uint8", **options}) as loader:
            for _ in loader:
                pass
    finally:
        opened.close()


@pytest.mark.parametrize(("store", "kind", "workers"), KINDS, ids=lambda one: "-".join(one) if one in STORES else None)
def test_a_changed_payload_ends_the_first_epoch(
    built: dict[Any, Path], store: tuple[str, str, str], kind: str, workers: Any, tmp_path: Path
) -> None:
    """Where only one byte differs, and the payload decodes as well as before."""
    folder = copied(built[store], tmp_path)
    damage(folder, BAD)
    with pytest.raises(WorkError) as raised:
        epoch(folder, loader=kind, workers=workers)
    words = str(raised.value)
    assert words.startswith(f"sample {BAD} of shapes/{store[0]}/{folder.name}/train "), words
    assert "\n" not in words
    if store[2] == "none":
        assert "is not what was built" in words


@pytest.mark.parametrize("kind", ["fast", "torch", "naive"])
def test_never_means_never(built: dict[Any, Path], kind: str, tmp_path: Path) -> None:
    folder = copied(built["lmdb", "raw", "none"], tmp_path)
    damage(folder, BAD)
    epoch(folder, loader=kind, verify="never")


def test_always_looks_again_in_every_epoch(built: dict[Any, Path], tmp_path: Path) -> None:
    """Sampled checks have seen each sample once by then, and wait for their budget."""
    folder = copied(built["disk", "raw", "none"], tmp_path)
    opened = open_store(folder)
    loader = make_loader(opened, batch_size=8, workers=0, verify="always", shuffle=False)
    assert sum(len(labels) for _, labels in loader) == 50
    damage(folder, BAD)
    with pytest.raises(WorkError, match=f"^sample {BAD} of "):
        list(loader)


@pytest.mark.parametrize("verify", ["sampled", "always"])
@pytest.mark.parametrize("store", STORES, ids=lambda store: "-".join(store))
def test_changed_labels_are_told_before_the_first_batch(
    built: dict[Any, Path], store: tuple[str, str, str], verify: str, tmp_path: Path
) -> None:
    folder = copied(built[store], tmp_path)
    opened = open_store(folder)
    labels = opened.labels.astype("<i8").tobytes()
    opened.close()
    for file in (path for path in folder.rglob("*") if path.is_file()):
        data = file.read_bytes()
        if file.name == "manifest.csv" and file.parent.name == "train":  # two classes' numbers, in every line of them
            file.write_bytes(data.replace(b",1,", b",x,").replace(b",2,", b",1,").replace(b",x,", b",2,"))
        elif (at := data.find(labels)) >= 0:
            file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    with pytest.raises(WorkError, match=r"^the labels of shapes/\S+/train are not those that were built"):
        epoch(folder, verify=verify)


def test_labels_of_a_store_without_their_checksum_are_held_to_its_files(built: dict[Any, Path], tmp_path: Path) -> None:
    """As stores were built before labels had one: with "always" only, for it reads them whole."""
    folder = copied(built["hdf5", "raw", "zstd"], tmp_path)
    manifest = Manifest.load(folder)
    del manifest.splits["train"]["labels_checksum"]  # type: ignore[attr-defined]
    manifest.save(folder / "manifest.json")
    opened = open_store(folder)
    labels = opened.labels.astype("<i8").tobytes()
    opened.close()
    epoch(folder, verify="always")
    file = folder / "train.h5"
    data = file.read_bytes()
    file.write_bytes(data.replace(labels, labels[:-8] + bytes(8)))
    with pytest.raises(WorkError, match=r"train\.h5 is not what was built"):
        epoch(folder, verify="always")


def test_checksums_that_do_not_fit_are_told(built: dict[Any, Path], tmp_path: Path) -> None:
    folder = copied(built["lmdb", "raw", "none"], tmp_path)
    sums = folder / "train.checksums"
    data = sums.read_bytes()
    sums.write_bytes(data[:-16])
    with pytest.raises(WorkError, match=r"has 50 samples, but 48 checksums"):
        epoch(folder)
    sums.unlink()
    with pytest.raises(WorkError, match=r"has lost train\.checksums"):
        epoch(folder)
    epoch(folder, verify="never")


def test_a_store_that_keeps_no_checksums() -> None:
    """Somebody else's: there is nothing to compare with."""
    store = memory_store([(8, 8)] * 10)
    assert len(list(make_loader(store, batch_size=5, workers=0))) == 2
    with pytest.raises(InputError, match="keeps no checksums"):
        make_loader(store, verify="always")
    with pytest.raises(InputError, match="unknown verify='sometimes'; there are: sampled, always, never"):
        make_loader(store, verify="sometimes")


def test_fewer_labels_than_samples_are_told() -> None:
    store = memory_store([(8, 8)] * 10)
    store.__class__ = type("Longer", (type(store),), {"__len__": lambda self: 12})
    with pytest.raises(WorkError, match=r"^memory/train has 12 samples, but 10 labels"):
        make_loader(store)


def test_load_has_the_option(built: dict[Any, Path], tmp_path: Path) -> None:
    folder = copied(built["lmdb", "raw", "none"], tmp_path)
    options = {"batch_size": 8, "workers": "0", "seconds": 0.05, "compare": False, "stage_limits": False}
    assert list(Load(str(folder), verify="always", **options).run())[-1].data["verify"] == "always"
    damage(folder, BAD)
    with pytest.raises(WorkError, match=f"^sample {BAD} of "):
        list(Load(str(folder), verify="always", **options).run())


# ---------------------------------------------------------------- the budget


def checks(folder: Path, samples: int) -> tuple[Checks, list[bytes]]:
    payloads = [b"%06d" % number for number in range(samples)]
    np.array([of_bytes(payload) for payload in payloads], "<u8").tofile(folder / "train.checksums")
    return Checks(folder, "train", samples, "store", always=False), payloads


def looked_at(made: Checks, payloads: list[bytes], monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Which samples are compared when all are read once, batch by batch."""
    seen: list[int] = []
    monkeypatch.setattr(made, "_compare", lambda indices, payloads: seen.extend(indices))
    for first in range(0, len(payloads), 64):
        indices = np.arange(first, min(first + 64, len(payloads)))
        made.of_list(indices, [payloads[index] for index in indices])
    return seen


def test_each_sample_is_checked_once_before_any_is_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, payloads = checks(tmp_path, 200)
    monkeypatch.setattr(integrity, "START", 60.0)
    assert looked_at(made, payloads, monkeypatch) == list(range(200))
    again = looked_at(made, payloads, monkeypatch)
    assert again == list(range(200)) or again == list(range(64, 200)), "the round ends with a batch that has none left"


def test_without_budget_nothing_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, payloads = checks(tmp_path, 200)
    monkeypatch.setattr(integrity, "START", 0.0)
    monkeypatch.setattr(integrity, "SHARE", 0.0)
    clock = count()
    monkeypatch.setattr(integrity, "process_time", lambda: 0.0)
    monkeypatch.setattr(integrity, "thread_time", lambda: next(clock) / 1000)
    assert looked_at(made, payloads, monkeypatch) == list(range(integrity.PIECE)), "one piece, and its time is spent"


def test_the_budget_is_a_share_of_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock on which a piece takes a millisecond and everything between two batches nine."""
    made, payloads = checks(tmp_path, 6400)
    now = [0.0]
    monkeypatch.setattr(integrity, "START", 0.0)
    monkeypatch.setattr(integrity, "SHARE", 0.01)
    monkeypatch.setattr(integrity, "PIECE", 1)
    monkeypatch.setattr(integrity, "process_time", lambda: now[0])
    monkeypatch.setattr(integrity, "thread_time", lambda: now[0])

    def compare(indices: list[int], payloads: list[bytes]) -> None:
        now[0] += 0.001

    monkeypatch.setattr(made, "_compare", compare)
    for first in range(0, 6400, 64):
        made.of_list(np.arange(first, first + 64), payloads[first : first + 64])
        now[0] += 0.1
    assert made._spent == pytest.approx(0.01 * now[0], rel=0.05)


@pytest.mark.parametrize("always", [False, True])
def test_checks_of_memory_name_the_sample_and_travel(tmp_path: Path, always: bool) -> None:
    payloads = [b"abc", b"defgh", b"", b"ijk"]
    np.array([of_bytes(payload) for payload in payloads], "<u8").tofile(tmp_path / "train.checksums")
    memory = np.frombuffer(b"__abc_defgh_ijK", np.uint8)
    extents = Extents(memory, np.array([2, 6, 6, 12]), np.array([3, 5, 0, 3]))
    made = pickle.loads(pickle.dumps(Checks(tmp_path, "train", 4, "a store", always=always)))
    made.of_extents(np.arange(3), Extents(memory, extents.offsets[:3], extents.lengths[:3]))
    with pytest.raises(WorkError, match=r"^sample 3 of a store is not what was built \(its checksum differs\): "):
        made.of_extents(np.arange(4), extents)


def test_the_manifest_states_the_checksum_of_the_labels(home: Home) -> None:
    store = open_store(finish(Build("shapes", "lmdb", "raw", workers=1, home=str(home.root)).run())["store"])
    assert isinstance(store, Store)
    assert store.labels_checksum == labels_checksum(store.labels)
    assert labels_checksum(np.array([1, 2])) == labels_checksum(np.array([1, 2], np.int32))
    assert labels_checksum(np.array([1, 2])) != labels_checksum(np.array([2, 1]))
