"""Further values of samples: from a dataset into a store of any format, checked, and out of it again."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.base.contracts import Field, FieldValue
from core.base.errors import InputError, WorkError
from core.base.field_values import array_bytes, array_of
from core.base.home import Home
from core.base.packed_fields import packed, unpacked
from core.building import Build, Verify
from core.datasets.dataset import Dataset
from core.formats import FORMATS
from core.inspect.files import open_inspected
from core.stores.store import Store, open_store
from tests.field_fixtures import ended, labelled
from tests.image_fixtures import encoded, picture


def value(index: int) -> dict[str, FieldValue]:
    values: dict[str, FieldValue] = {
        "caption": f"picture {index} é" if index != 3 else None,
        "age": index * 10,
        "score": index / 7 if index != 2 else None,
        "vector": np.array([index, 1, 2], np.float32),
        "boxes": np.arange(index % 3 * 4, dtype=np.int32).reshape(-1, 4),
        "mask": encoded(picture(index), "PNG"),
        "tags": ["a", "b"][: index % 3],
    }
    return values


@pytest.fixture
def dataset(home: Home, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    return labelled(home, monkeypatch, [value(index) for index in range(8)])


def built(home: Home, format: str, **options: Any) -> Store:
    return open_store(Path(ended(Build("labelled", format, options=options, home=str(home.root)))["store"]))


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_a_store_keeps_them_and_notices_when_they_change(home: Home, dataset: Dataset, format: str) -> None:
    store = built(home, format)
    assert store.fields == dataset.fields
    for index, found in enumerate(store.field_values(range(8))):
        assert packed(found, store.fields) == packed(value(index), dataset.fields)
    assert list(store.field_values([2], ["age"])[0].values()) == [20]
    store.close()
    spoil(store.container, b"picture 5")
    told = ended(Verify(str(store.path), home=str(home.root)))["mismatches"]
    assert any(one["index"] == 5 or "cannot be read" in one["reason"] for one in told), told


def spoil(container: Path, text: bytes) -> None:
    """Change the first letter of a caption in the files that hold it."""
    files = [container] if container.is_file() else [path for path in container.rglob("*") if path.is_file()]
    changed = 0
    for path in files:
        data = path.read_bytes()
        if text in data:
            path.write_bytes(data.replace(text, b"P" + text[1:]))
            changed += 1
    assert changed


def test_the_manifest_tells_them_and_is_as_before_without(home: Home, dataset: Dataset) -> None:
    store = built(home, "lmdb")
    assert store.manifest.fields == [{"name": name, "kind": kind} for name, kind in dataset.fields]
    plain = open_store(Path(ended(Build("shapes", "lmdb", home=str(home.root)))["store"]))
    assert "fields" not in (plain.path / "manifest.json").read_text()
    assert (plain.fields, plain.field_values([0, 1])) == ((), [{}, {}])
    assert not list(plain.path.glob("*.field_checksums"))


def test_a_cell_that_leads_elsewhere_is_refused(home: Home, dataset: Dataset) -> None:
    store = built(home, "disk")
    manifest = store.container / "manifest.csv"
    (store.container / "secret.png").write_bytes(b"x")
    for path in ("__fields__/mask/../../secret.png", "secret.png", "__fields__/mask/00000002.png"):
        whole = manifest.read_text()
        manifest.write_text(whole.replace("__fields__/mask/00000001.png", path))
        with pytest.raises(InputError, match=r"the fields of sample 1 .* is not where the 'mask' of sample 1 belongs"):
            open_store(store.path).field_values([0, 1])
        manifest.write_text(whole)


def test_packed_values_that_lie_are_refused() -> None:
    known = [Field("caption", "text"), Field("mask", "image")]
    whole = packed({"caption": "x", "mask": b"12345678"}, known)
    assert unpacked(whole, known) == {"caption": "x", "mask": b"12345678"}
    for spoiled in (whole[:-1], whole[:3], b"\xff\xff\xff\xff{}", whole.replace(b"8]]", b"-8]]")):
        with pytest.raises(ValueError, match=r"value|damaged|Expecting|decode"):
            unpacked(spoiled, known)


@pytest.mark.parametrize(("loader", "workers"), [("fast", "threads:2"), ("fast", "processes:1"), ("torch", 1)])
def test_a_loader_gives_the_values_of_its_own_samples(home: Home, dataset: Dataset, loader: str, workers: Any) -> None:
    import torch

    store = built(home, "arrow")
    names = ["caption", "age", "score", "vector", "boxes", "mask", "tags"]
    settings = {"batch_size": 3, "loader": loader, "workers": workers, "output": "uint8", "verify": "always"}
    with store.loader(fields=names, rank=1, world_size=2, **settings) as made:
        order = made.sampler.order(0).tolist()
        batches = list(made)
    assert [len(batch["label"]) for batch in batches] == [3, 1]
    assert list(batches[0]) == ["image", "label", *names]
    seen = 0
    for batch in batches:
        assert isinstance(batch["vector"], torch.Tensor)
        assert (batch["age"].dtype, batch["score"].dtype) == (torch.int64, torch.float64)
        for at, index in enumerate(order[seen : seen + len(batch["label"])]):
            wanted = value(index)
            assert np.array_equal(batch["image"][at].permute(1, 2, 0), store[index][0])
            assert batch["caption"][at] == (wanted["caption"] or "")
            assert batch["age"][at] == wanted["age"]
            assert torch.isnan(batch["score"][at]) if index == 2 else batch["score"][at] == wanted["score"]
            assert np.array_equal(batch["vector"][at], wanted["vector"])  # type: ignore[arg-type]
            assert np.array_equal(batch["boxes"][at], wanted["boxes"])  # type: ignore[arg-type]
            assert (batch["mask"][at], batch["tags"][at]) == (wanted["mask"], wanted["tags"])
        seen += len(batch["label"])


def test_what_a_loader_cannot_give_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    labelled(home, monkeypatch, [{"id": 2**60, "label": 5, "age": 3}, {"label": 6}])
    store = built(home, "lmdb")
    with pytest.raises(InputError, match="no field 'colour'; it has: id, label, age"):
        store.loader(fields=["colour"])
    with pytest.raises(InputError, match=r"give a list of names, as \['id'\]"):
        store.loader(fields="id")
    (batch,) = store.loader(fields=["label", "age"], shuffle=False, workers=0)
    assert batch["field_label"].tolist() == [5, 6]
    assert batch["label"].tolist() == [0, 0]
    assert torch.equal(torch.isnan(batch["age"]), torch.tensor([False, True]))
    with pytest.raises(WorkError, match="which has no 1152921504606846976"):
        list(store.loader(fields=["id"], workers=0))
    (batch,) = store.loader(fields=[], workers=0)
    assert list(batch) == ["image", "label"]


@pytest.mark.parametrize("format", ["lmdb", "hdf5"])
def test_the_inspector_shows_them(home: Home, dataset: Dataset, format: str) -> None:
    store = built(home, format)
    for path in [store.path, store.container] if format == "lmdb" else [store.container]:
        with open_inspected(path, home=home) as file:
            assert file.entries() == 8
            assert file.summary()["fields"] == [field.name for field in dataset.fields]
            sample = file.sample(5)
        told = sample.about["fields"]
        assert (told["caption"], told["age"], told["boxes"]) == ("picture 5 é", 50, [[0, 1, 2, 3], [4, 5, 6, 7]])
        assert told["tags"] == ["a", "b"]
        assert sample.about["images"] == ["image", "mask"]
        assert np.array_equal(sample.further[0], np.asarray(picture(5)))


@pytest.mark.parametrize(
    "array", [np.arange(6, dtype="<f4").reshape(2, 3), np.array(True), np.empty((0, 4), ">i2"), np.zeros((3, 0))]
)
def test_arrays_are_files_as_numpy_writes_them(array: Any) -> None:
    file = io.BytesIO()
    np.save(file, np.ascontiguousarray(array), allow_pickle=False)
    assert array_bytes(array) == file.getvalue()
    found = array_of(file.getvalue())
    assert (found.dtype, found.shape) == (array.dtype, np.ascontiguousarray(array).shape)
    assert np.array_equal(found, np.ascontiguousarray(array))
    found.fill(1)  # a copy


def test_bytes_that_are_no_array_are_refused() -> None:
    def described(text: bytes) -> bytes:
        return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text

    sound = array_bytes(np.arange(3))
    pickled = io.BytesIO()
    np.save(pickled, np.array([{}]), allow_pickle=True)
    lies = b"{'descr': '<i8', 'fortran_order': False, 'shape': (-1, -3)}\n"
    for data in (
        sound[:-1],
        sound + b"x",
        pickled.getvalue(),
        described(b"(((" * 90),
        described(lies) + bytes(24),
        b"",
    ):
        with pytest.raises(ValueError, match=r"array|header|magic|EOF|reading"):
            array_of(data)
