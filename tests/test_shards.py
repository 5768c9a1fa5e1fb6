"""Stores of several shards: the same samples in every format, one checksum however they are cut, and what is damaged is
named."""

from __future__ import annotations

import json
import pickle
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import open_store
from core.base.contracts import Mapped, SplitPart
from core.base.errors import InputError, WorkError
from core.base.events import finish
from core.base.home import Home
from core.building import Build, Verify, part_places
from core.building.encode import encoded
from core.building.part import PartBuilder, parts_under_way
from core.building.part_places import PartFolder
from core.building.plan import PlannedPart, plan_of
from core.building.recipe import Recipe
from core.datasets.dataset import Dataset
from core.formats import FORMATS
from core.stores.shards import labels_file
from core.stores.store import Store, list_stores


def build(home: Home, format: str, **options: Any) -> dict[str, Any]:
    encoding = "original" if FORMATS[format].refers else "png"
    return finish(Build("shapes", format, encoding, options=options, workers=0, home=str(home.root)).run())


def recipe(home: Home, format: str, **options: Any) -> Recipe:
    return Recipe.of(home, "shapes", format, "original", "none", options)


@pytest.mark.parametrize("format", FORMATS)
def test_shards_are_one_store(home: Home, dataset: Dataset, format: str) -> None:
    whole = build(home, format)
    told = build(home, format, shards=3)
    assert told["checksum"] == whole["checksum"]
    samples = dataset.splits["train"]
    of_split = [shard for shard in told["shards"] if shard["path"].startswith("train")]
    assert [shard["samples"] for shard in of_split] == [
        (number + 1) * samples // 3 - number * samples // 3 for number in range(3)
    ]
    assert len({shard["checksum"] for shard in of_split}) == 3
    assert finish(Verify(told["store"], home=str(home.root)).run())["ok"]
    one, store = open_store(whole["store"]), open_store(told["store"])
    assert store.labels.tolist() == one.labels.tolist() == list(store.reader.labels)  # type: ignore[union-attr]
    assert isinstance(store, Store)
    assert store.shard_starts.tolist() == [0, *accumulate(shard["samples"] for shard in of_split)]
    order = np.random.default_rng(1).permutation(samples).tolist()
    assert list(map(bytes, store.read(order))) == list(map(bytes, one.read(order)))  # type: ignore[union-attr]
    again = pickle.loads(pickle.dumps(store))
    assert np.array_equal(again[samples - 1][0], one[samples - 1][0])
    assert {store.reader.key(0), store.reader.key(samples - 1)} != {""}
    assert store.reader.stored_bytes(samples - 1) > 0
    if isinstance(store.reader, Mapped) and (extents := store.reader.extents()) is not None:
        places = zip(extents.offsets.tolist(), extents.lengths.tolist(), strict=True)
        assert [bytes(extents.memory[at : at + size]) for at, size in places] == list(
            map(bytes, store.read(range(samples)))
        )
    else:
        assert format in ("disk", "csv")
    store.close()


@pytest.mark.parametrize(
    ("format", "options"), [("webdataset", {}), ("tfrecord", {}), ("tfrecord", {"compress": "gzip"})]
)
def test_joined_shards_are_what_one_writer_makes(
    home: Home, dataset: Dataset, tmp_path: Path, format: str, options: dict[str, Any]
) -> None:
    """Byte for byte, but for the order of facts in the metadata: each shard was written by a writer of its own. (A
    Parquet file says in its schema how many samples it has, so there each says its own number.)"""
    made = Path(build(home, format, shards=3, **options)["store"])
    plan = recipe(home, format, shards=3, **options)
    writer = plan.format.writer(tmp_path / "train", plan.contents("train"))
    rows = list(dataset.rows("train"))
    store = open_store(made)
    payloads = list(map(bytes, store.read(range(len(rows)))))  # type: ignore[union-attr]
    writer.write(payloads, [row.label for row in rows], [".png"] * len(rows))
    writer.close()
    names = sorted(path.name for path in (tmp_path / "train").iterdir())
    assert sorted(path.name for path in (made / "train").iterdir()) == names
    for name in names:
        if name != "metadata.json":
            assert (made / "train" / name).read_bytes() == (tmp_path / "train" / name).read_bytes(), name
    metadata = [json.loads((folder / "metadata.json").read_bytes()) for folder in (made / "train", tmp_path / "train")]
    assert metadata[0]["shards"] == metadata[1]["shards"]
    assert metadata[0]["samples"] == len(rows)


@pytest.mark.parametrize("format", ["lmdb", "webdataset"])
def test_shards_are_cut_by_their_size(home: Home, dataset: Dataset, format: str) -> None:
    """At the sample that would not fit any more; a size that all fit in makes one."""
    rows = list(dataset.rows("train"))
    sizes = FORMATS[format].occupied(np.array([row.bytes for row in rows], np.float64))
    mb = 1
    of_train = plan_of(recipe(home, format, shard_mb=mb), {}).of("train")
    for planned in of_train:
        taken = sizes[planned.part.first : planned.part.first + planned.samples].sum()
        following = planned.part.first + planned.samples
        assert taken <= mb * 10**6
        assert following == len(rows) or taken + sizes[following] > mb * 10**6
    assert sum(planned.samples for planned in of_train) == len(rows)
    assert len(plan_of(recipe(home, format, shard_mb=1000), {}).of("train")) == 1


def test_a_plan_is_of_dataset_and_recipe_alone(home: Home) -> None:
    one, same, other = (plan_of(recipe(home, "lmdb", shards=n), {"numpy": "1"}) for n in (2, 2, 3))
    assert one == same
    assert one.digest != other.digest
    assert one.digest != plan_of(recipe(home, "lmdb", shards=2), {"numpy": "2"}).digest


def test_both_options_contradict_each_other(home: Home) -> None:
    with pytest.raises(InputError, match="give shards or shard_mb, not both"):
        build(home, "lmdb", shards=2, shard_mb=5)


def test_more_shards_than_samples_are_as_many_as_there_are_samples(home: Home, dataset: Dataset) -> None:
    planned = plan_of(recipe(home, "lmdb", shards=50_000), {}).of("val")
    assert [one.samples for one in planned] == [1] * dataset.splits["val"]


@pytest.mark.parametrize("format", ["lmdb", "npy", "webdataset"])
def test_a_part_that_is_built_twice_is_the_same_and_counts_once(home: Home, tmp_path: Path, format: str) -> None:
    made = recipe(home, format, shards=2)
    first = PartBuilder(made, PartFolder(tmp_path / "one"), {})
    planned = plan_of(made, {}).of("train")[1]
    result = first(planned)
    assert first(planned) == result
    other = PartBuilder(made, PartFolder(tmp_path / "other"), {})(planned)
    assert other.files == result.files
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["train.00001"]


def test_two_attempts_at_a_part_do_not_meet(home: Home, tmp_path: Path) -> None:
    """As where a task is given again while its first attempt, on a node that only seemed dead, still runs."""
    made = recipe(home, "hdf5", shards=2)
    builder = PartBuilder(made, PartFolder(tmp_path / "parts"), {})
    planned = plan_of(made, {}).of("train")[0]
    with encoded(builder.encoder, 0) as ready:
        slow = builder.build(planned, ready.encode)
        next(slow)  # some samples are written
        second = builder(planned)
        written = (tmp_path / "parts" / planned.name / second.container).read_bytes()
        assert {step.stage for step in slow} == {"checksumming", "verifying"}
    assert (tmp_path / "parts" / planned.name / second.container).read_bytes() == written
    assert [path.name for path in (tmp_path / "parts").iterdir()] == [planned.name]


def test_how_far_a_part_under_way_is_can_be_seen_from_outside(home: Home, tmp_path: Path) -> None:
    made = recipe(home, "tfrecord", shards=1)
    builder = PartBuilder(made, PartFolder(tmp_path), {})
    with encoded(builder.encoder, 0) as ready:
        slow = builder.build(plan_of(made, {}).parts[0], ready.encode)
        step = next(slow)
        assert parts_under_way(tmp_path) == step.samples > 0
        slow.close()


def test_a_part_that_others_go_on_with_is_on_the_disk_before_it_has_its_name(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = recipe(home, "lmdb", shards=2)
    planned = plan_of(made, {}).of("train")[0]
    settled: list[list[str]] = []
    monkeypatch.setattr(part_places, "settle", lambda _: settled.append([path.name for path in tmp_path.iterdir()]))
    PartBuilder(made, PartFolder(tmp_path, lasting=True), {})(planned)
    assert len(settled) == 1
    assert planned.name not in settled[0]


def test_a_killed_build_goes_on_with_what_is_missing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed: the folder of the build is left as it was when the third part was about to be built."""
    import shutil

    whole = build(home, "lmdb", shards=4)
    shutil.rmtree(whole["store"])
    kept = home.root / "kept"
    called: list[str] = []
    real = PartBuilder.__call__

    def halting(self: PartBuilder, planned: PlannedPart) -> Any:
        called.append(planned.name)
        if len(called) == 3:
            shutil.copytree(self.place.folder.parent, kept)
            raise KeyboardInterrupt
        return real(self, planned)

    monkeypatch.setattr(PartBuilder, "__call__", halting)
    with pytest.raises(KeyboardInterrupt):
        build(home, "lmdb", shards=4)
    place = home.built / ".building"
    assert [path for path in place.iterdir() if path.is_dir()] == []
    assert list_stores(home) == []
    kept.rename(place / "shapes.lmdb.png-shards4.999999")
    going = Build("shapes", "lmdb", "png", options={"shards": 4}, workers=0, home=str(home.root), resume=True)
    del called[2:]
    with pytest.raises(KeyboardInterrupt):  # interrupted once more: who says `resume` wants to go on
        finish(going.run())
    told = finish(going.run())
    assert called == ["train.00000", "train.00001", "train.00002", "train.00002", "train.00003", *(
        f"val.0000{number}" for number in range(4))]  # fmt: skip
    assert told["resumed"] == sum(shard["samples"] for shard in told["shards"][:2])
    assert told["checksum"] == whole["checksum"]
    assert [shard["checksum"] for shard in told["shards"]] == [shard["checksum"] for shard in whole["shards"]]
    assert [path for path in place.iterdir() if path.is_dir()] == []


@pytest.mark.parametrize("format", ["lmdb", "arrow"])
def test_a_shard_that_is_gone_cut_or_exchanged_is_named(home: Home, format: str) -> None:
    told = build(home, format, shards=3)
    store = open_store(told["store"])
    assert isinstance(store, Store)
    name = store.containers[1].name
    second = store.containers[1] / "data.mdb" if format == "lmdb" else store.containers[1]
    data = second.read_bytes()
    first, last = int(store.shard_starts[1]), len(store) - 1
    store.close()
    for damaged in (data[: len(data) // 2], None):
        second.unlink()
        if damaged is not None:
            second.write_bytes(damaged)
        found = finish(Verify(told["store"], home=str(home.root)).run())
        assert not found["ok"]
        assert any(name in mismatch["reason"] for mismatch in found["mismatches"])
        store = open_store(told["store"])
        assert store[0] is not None
        assert store[last] is not None
        with pytest.raises((InputError, WorkError), match=name):
            store[first]
        store.close()  # type: ignore[union-attr]


def test_a_shard_in_a_folder_of_several_is_named(home: Home) -> None:
    told = build(home, "parquet", shards=3)
    shard = Path(told["store"], told["shards"][1]["path"])
    data = shard.read_bytes()
    shard.write_bytes(data[:-100])
    with pytest.raises(InputError, match=f"{shard.name} has .* bytes and should have"):
        open_store(told["store"])[0]
    shard.unlink()
    with pytest.raises(InputError, match=f"{shard.name} is missing"):
        open_store(told["store"])[0]


@pytest.mark.parametrize("format", ["hdf5", "npy"])
def test_a_flipped_byte_is_told_once_with_its_shard(home: Home, format: str) -> None:
    told = build(home, format, shards=3)
    store = open_store(told["store"])
    assert isinstance(store, Store)
    file = store.containers[1] / "bytes.npy" if format == "npy" else store.containers[1]
    first = int(store.shard_starts[1])
    payload = bytes(store.reader.read([first])[0])
    store.close()
    data = bytearray(file.read_bytes())
    data[data.index(payload) + 3] ^= 1  # of the PNG signature
    file.write_bytes(data)
    [mismatch] = finish(Verify(told["store"], home=str(home.root)).run())["mismatches"]
    assert (mismatch["split"], mismatch["index"]) == ("train", first)
    assert f"in {store.containers[1].name}" in mismatch["reason"]
    with pytest.raises(WorkError, match=f"sample {first} of .*{store.containers[1].name} cannot be decoded"):
        store[first]


def test_shards_in_each_other_s_place_are_refused(home: Home) -> None:
    told = build(home, "npy", shards=2)
    store = open_store(told["store"])
    assert isinstance(store, Store)
    first, second = store.containers
    first.rename(first.with_name("aside"))
    second.rename(first)
    first.with_name("aside").rename(second)
    with pytest.raises(InputError, match=f"{first.name} and train.labels.npy .* their labels differ"):
        store[0]


def test_labels_beside_several_containers_are_theirs(home: Home) -> None:
    told = build(home, "lmdb", shards=2)
    file = labels_file(Path(told["store"]), "train")
    data = bytearray(file.read_bytes())
    data[-8] ^= 1
    file.write_bytes(data)
    found = finish(Verify(told["store"], home=str(home.root)).run())
    [mismatch] = found["mismatches"]
    assert "train-00001-of-00002.lmdb and train.labels.npy beside it do not belong together" in mismatch["reason"]
    file.write_bytes(data[:-8])
    with pytest.raises(InputError, match=r"train\.labels\.npy cannot be read"):
        open_store(told["store"]).labels  # noqa: B018


def test_a_manifest_whose_shards_are_not_the_samples_is_refused(home: Home) -> None:
    from core.base import checksums
    from core.stores.manifest import _digest

    path = Path(build(home, "lmdb", shards=2)["store"]) / "manifest.json"
    told = json.loads(path.read_text("utf-8"))
    del told["self"]
    for change in ({"samples": 1}, {"path": "../elsewhere"}):
        wrong = json.loads(json.dumps(told))
        wrong["shards"]["train"][0] |= change
        path.write_text(json.dumps(wrong | {"self": _digest(wrong)}), "utf-8")
        with pytest.raises(InputError, match="damaged"):
            open_store(path.parent)
    assert checksums.of_text("") == "99aa06d3014798d86001c324468d497f"


def test_parts_are_told_where_they_begin(home: Home) -> None:
    made = recipe(home, "webdataset", shards=2)
    planned = plan_of(made, {}).of("train")[1]
    contents = PartBuilder(made, PartFolder(Path()), {}).contents(planned)
    assert contents.part == SplitPart(1, 2, planned.part.first)
    assert contents.first == planned.part.first > 0
    assert contents.rows is not None
    assert [row.position for row in contents.rows] == list(range(contents.first, contents.first + contents.samples))
