"""Training from stores: the format does not change the result, the order does; rows stay whatever ends it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.__main__ import main
from core.base.errors import InputError
from core.base.events import Message, Progress, Sample, finish
from core.base.home import Home
from core.building import Build
from core.datasets.dataset import Dataset
from core.importing.task import Import
from core.measure.monitor import read_monitor
from core.measure.record_fields import printed
from core.measure.records import list_records
from core.sources.drawing import SHAPES, draw
from core.stores.store import list_stores
from core.training import ceiling
from core.training.scaling import Scaling
from core.training.task import STAGE, Train

COLOURS = {"blue": (0, 0, 200), "green": (0, 200, 0), "red": (200, 0, 0), "white": (200, 200, 200)}

LOSSLESS = tuple((format, encoding) for format in ("disk", "lmdb", "hdf5") for encoding in ("original", "png", "raw"))

QUICK: dict[str, Any] = {"batch_size": 16, "workers": "0", "loader": "torch", "epochs": 1, "threads": 1}


@pytest.fixture(autouse=True)
def _short_ceiling(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ceiling is measured for seconds; here it only has to be there."""
    monkeypatch.setattr(ceiling, "SECONDS", 0.0)


@pytest.fixture(scope="session")
def jpegs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shapes as JPEGs, so that `original`, `png` and `raw` are three ways to keep the same pixels."""
    root = tmp_path_factory.mktemp("training")
    for split, count in (("train", 18), ("val", 4)):
        for name in sorted(SHAPES):
            folder = root / "images" / split / name
            folder.mkdir(parents=True)
            seeds = [np.random.default_rng((len(split), index)) for index in range(count)]
            for index, pixels in enumerate(draw(name, 16, seeds)):
                Image.fromarray(pixels).save(folder / f"{index}.jpg", quality=90)
    finish(Import(str(root / "images"), "shapes", home=str(root)).run())
    for format, encoding in (*LOSSLESS, ("lmdb", "jpeg")):
        finish(Build("shapes", format, encoding, home=str(root)).run())
    return root


@pytest.fixture
def coloured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store of four classes that anything can tell apart: each has a colour."""
    monkeypatch.setenv("FORMAT_MATTERS_HOME", str(tmp_path))
    noise = np.random.default_rng(0)
    for split, count in (("train", 48), ("val", 10)):
        for name, colour in (
            ("blue", (0, 0, 200)),
            ("green", (0, 200, 0)),
            ("red", (200, 0, 0)),
            ("white", (200,) * 3),
        ):
            folder = tmp_path / "images" / split / name
            folder.mkdir(parents=True)
            for index in range(count):
                pixels = np.uint8(colour) + noise.integers(0, 50, (16, 16, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{index}.png")
    finish(Import(str(tmp_path / "images"), "colours").run())
    return str(finish(Build("colours", "lmdb", "raw").run())["store"])


@pytest.fixture
def trained(jpegs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home whose stores are those above; its runs are its own."""
    (tmp_path / "data").symlink_to(jpegs / "data")
    monkeypatch.setenv("FORMAT_MATTERS_HOME", str(tmp_path))
    return Home(tmp_path)


def paths(home: Home, *names: str) -> list[str]:
    found = {info.name: str(info.path) for info in list_stores(home)}
    return [found[name] for name in names]


@pytest.mark.parametrize("loader", ["fast", "torch"])
def test_every_lossless_store_gives_the_same_losses_to_the_last_bit(trained: Home, loader: str) -> None:
    names = [f"{format}/{encoding}" for format, encoding in LOSSLESS]
    told = finish(Train(paths(trained, *names), batch_size=32, epochs=2, loader=loader, workers="2", threads=1).run())
    assert told["identical"] is True, told["verdict"]
    assert told["compared"] == 8 * 2 * 6
    for epoch in (1, 2):
        rows = [row for row in told["epochs"] if row["epoch"] == epoch]
        assert len({tuple(row["losses"]) for row in rows}) == 1
        assert len({row["weights"] for row in rows}) == 1
        assert len({row["pixels"] for row in rows}) == 1
        assert {row["store"] for row in rows} == set(names)


def test_resized_by_the_stages_every_lossless_store_is_the_same_too(trained: Home) -> None:
    settings = QUICK | {"transform": "train224", "limit": 32, "val_limit": 16}
    told = finish(Train(paths(trained, "disk/original", "lmdb/png", "hdf5/raw"), **settings).run())
    assert (told["identical"], told["compared"]) == (True, 4)


def test_resnet18_learns_the_same_from_two_stores(trained: Home) -> None:
    settings = QUICK | {"model": "resnet18", "limit": 32, "val_limit": 8}
    told = finish(Train(paths(trained, "disk/original", "hdf5/raw"), **settings).run())
    assert (told["identical"], told["compared"]) == (True, 2)


def test_an_encoding_that_loses_something_is_found_out(trained: Home) -> None:
    told = finish(Train(paths(trained, "lmdb/raw", "disk/raw", "lmdb/jpeg"), **QUICK).run())
    assert told["identical"] is False
    [found] = told["differs"]
    assert (found["store"], found["epoch"], found["step"]) == ("lmdb/jpeg", 1, 1)
    assert "different pixels" in found["why"]


def test_the_order_changes_the_result_and_sorted_by_class_it_collapses(coloured: str) -> None:
    settings = QUICK | {"epochs": 4, "lr": 0.05}
    told = finish(Train([coloured], ["shuffled", "class-sorted"], **settings).run())
    last = {row["order"]: row for row in told["epochs"] if row["epoch"] == 4}
    shuffled, by_class = last["shuffled"], last["class-sorted"]
    assert shuffled["val_accuracy"] > 0.9
    assert by_class["val_accuracy"] == 0.25, "one class of four, whatever the image shows"
    assert (by_class["shuffle_quality"], by_class["classes_per_batch"]) == (0.0, 1.0)
    assert shuffled["shuffle_quality"] > 0.8
    assert shuffled["classes_per_batch"] > 3


def test_epochs_are_interleaved_and_every_row_is_kept(trained: Home) -> None:
    stores = paths(trained, "disk/raw", "lmdb/raw")
    events = list(Train(stores, **QUICK | {"epochs": 2}).run())
    told = [event.left_s for event in events if isinstance(event, Progress) and event.stage == STAGE]
    assert told[0] > 0, "before anything was learned, by the model's ceiling"
    assert told[-1] == 0
    epochs = [event.values for event in events if isinstance(event, Sample) and event.series == "epoch"]
    assert [(row["epoch"], row["store"]) for row in epochs] == [
        (1, "disk/raw"), (1, "lmdb/raw"), (2, "lmdb/raw"), (2, "disk/raw")
    ], "each epoch begins with another store"  # fmt: skip
    [record] = list_records(trained, "train", "shapes")
    rows = record.of("epoch")
    assert [row["samples_per_s"] for row in rows] == [row["samples_per_s"] for row in epochs]
    assert set(record.setup["fingerprints"]) == {"shapes"}
    assert record.setup["ceilings"]["compute"] > 0
    assert record.setup["versions"]["torch"]
    for told in rows:
        assert told["first_batch_s"] > 0
        assert told["wait_share"] == pytest.approx(told["wait_s"] / (told["wait_s"] + told["compute_s"]))
        assert (told["samples"], told["val_samples"], told["held_out"]) == (180, 40, False)
        assert len(told["losses"]) == told["steps"] == 12
    assert read_monitor(record.beside("monitor.csv"))


def test_a_run_that_is_left_keeps_its_rows(trained: Home) -> None:
    run = Train(paths(trained, "disk/raw", "lmdb/raw"), **QUICK | {"epochs": 50}).run()
    for event in run:
        if isinstance(event, Sample) and event.series == "epoch":
            break
    run.close()
    [record] = list_records(trained, "train")
    assert len(record.of("epoch")) == 1


def test_without_a_validation_split_a_tenth_is_held_out_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORMAT_MATTERS_HOME", str(tmp_path))
    finish(Import("shapes", "alone", options={"size": 16, "train": 100, "val": 0}).run())
    finish(Build("alone", "lmdb", "raw").run())
    events = list(Train(paths(Home(tmp_path), "lmdb/raw"), **QUICK).run())
    assert any(isinstance(event, Message) and "held out" in event.text for event in events)
    told = finish(iter(events))["epochs"][0]
    assert (told["samples"], told["val_samples"], told["held_out"]) == (90, 10, True)


def test_fewer_samples_are_the_same_ones_for_every_order(trained: Home) -> None:
    settings = QUICK | {"limit": 48, "val_limit": 20}
    told = finish(Train(paths(trained, "lmdb/raw"), ["shuffled", "blocks", "class-sorted"], **settings).run())
    assert [(row["samples"], row["val_samples"], row["steps"]) for row in told["epochs"]] == [(48, 20, 3)] * 3
    assert {row["order"]: row["order_text"] for row in told["epochs"]} == {
        "shuffled": "a random order of all samples",
        "blocks": "a random order of all samples (one window holds them)",
        "class-sorted": "the store's order",
    }


def test_what_cannot_be_trained_from_is_refused(trained: Home, tmp_path: Path) -> None:
    [store] = paths(trained, "lmdb/raw")
    for wrong, said in (
        (Train([]), "one store or more"),
        (Train([store], ["sideways"]), "unknown order"),
        (Train([store], epochs=0), "one epoch or more"),
        (Train([str(tmp_path)]), "not a built store"),
        (Train([store], device="cuda:99"), "cuda"),
        (Train([store], workers="many", limit=32), "lmdb/raw: workers"),
    ):
        with pytest.raises(InputError, match=said):
            list(wrong.run())
    assert list_records(trained) == []


def test_stores_of_two_datasets_are_refused(trained: Home, dataset: Dataset, home: Home) -> None:
    (home.raw / "shapes").rename(home.raw / "circles")
    built = finish(Build("circles", "lmdb", "raw", home=str(home.root)).run())["store"]
    with pytest.raises(InputError, match="of one dataset"):
        list(Train([*paths(trained, "lmdb/raw"), built], **QUICK).run())


# ---------------------------------------------------------------- scaling


def test_scaling_measures_every_combination(trained: Home) -> None:
    run = Scaling(
        paths(trained, "lmdb/raw"),
        batch_sizes=[16, 32],
        worker_counts=["0", "2"],
        seconds=0.05,
        rounds=2,
        loader="torch",
    )
    told = finish(run.run())
    [record] = list_records(trained, "train")
    repeats = record.of("repeat")
    assert printed(repeats) == [{"kind": "repeat", **turn} for turn in told["turns"]], "what is printed keeps its names"
    assert [(repeat["round"], repeat["batch_size"], repeat["workers"]) for repeat in repeats] == [
        (number, size, count) for number in (1, 2) for size in (16, 32) for count in ("0", "2")
    ]
    assert all(repeat["samples_per_s"] > 0 and 0 <= repeat["wait_share"] <= 1 for repeat in repeats)
    assert told["turns"][0]["setting"] == repeats[0]["configuration"] == "batch 16, workers 0, cpu"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seconds": 0.0}, "more than 0 seconds"),
        ({"batch_sizes": []}, "one each at least"),
        ({"batch_sizes": [0]}, "batch_size=0"),
        ({"devices": ["cuda:99"]}, "cuda"),
    ],
)
def test_scaling_that_cannot_be_is_refused_at_once(trained: Home, change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        list(Scaling(paths(trained, "lmdb/raw"), **change).run())
    assert list_records(trained) == []


# ---------------------------------------------------------------- the command line


def test_the_command_line_trains(trained: Home, capsys: pytest.CaptureFixture[str]) -> None:
    stores = paths(trained, "disk/raw", "lmdb/raw")
    arguments = ["--epochs", "1", "--limit", "64", "--workers", "0", "--loader", "torch", "--threads", "1", "--json"]
    assert main(["train", *stores, *arguments]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["identical"] is True
    assert [len(row["losses"]) for row in told["epochs"]] == [1, 1]
    assert main(["train", *stores, *arguments[:-1]]) == 0
    assert "Same result to the last bit" in capsys.readouterr().out


def test_the_command_line_scales(trained: Home, capsys: pytest.CaptureFixture[str]) -> None:
    [store] = paths(trained, "lmdb/raw")
    arguments = [
        "--scaling",
        "--batch-size",
        "8,16",
        "--workers",
        "0",
        "--loader",
        "torch",
        "--seconds",
        "0.05",
        "--threads",
        "1",
    ]
    assert main(["train", store, *arguments, "--json"]) == 0
    turns = json.loads(capsys.readouterr().out.splitlines()[-1])["turns"]
    assert [turn["batch_size"] for turn in turns] == [8, 16]
    assert main(["train", store, "--batch-size", "8,16"]) == 2
    assert "goes with --scaling only" in capsys.readouterr().err
