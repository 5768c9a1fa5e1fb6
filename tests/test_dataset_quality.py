"""What a check of a dataset finds: planted duplicates, leaks, contradictions, odd images; and what it does not find."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from image_fixtures import encoded, put
from PIL import Image, ImageEnhance

from core.__main__ import main
from core.base.errors import InputError
from core.base.events import finish
from core.base.home import Home
from core.datasets.dataset import Dataset
from core.datasets.quality.near import near_pairs
from core.datasets.quality.task import DatasetCheck
from core.importing.recheck import Recheck
from core.importing.task import Import


def scene(seed: int, size: int = 64) -> Image.Image:
    """A picture with light and dark places, as photos have, unlike that of any other seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC)


def keep(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def imported(tmp_path: Path) -> Dataset:
    """The folder `source` as a dataset."""
    finish(Import(str(tmp_path / "source"), "d", home=str(tmp_path)).run())
    return Dataset.open(Home(tmp_path), "d")


def checked(tmp_path: Path, **fields: Any) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The result, and its findings by kind."""
    result = finish(DatasetCheck("d", home=str(tmp_path), **fields).run())
    return result, {finding["kind"]: finding for finding in result["findings"]}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """12 different scenes in each of two classes, for train and val."""
    root = tmp_path / "source"
    for number, (split, name) in enumerate((s, c) for s in ("train", "val") for c in ("cat", "dog")):
        for index in range(12):
            keep(root / split / name / f"{index:02d}.png", encoded(scene(100 * number + index)))
    return root


def test_different_images_are_no_finding(tmp_path: Path, source: Path) -> None:
    imported(tmp_path)
    result, findings = checked(tmp_path, near=True)
    assert findings == {}
    assert result["duplicates"] == {"within": [], "across": [], "pictures": 0, "within_count": 0, "across_count": 0}
    assert (result["near_duplicates"]["within"], result["near_duplicates"]["across"]) == ([], [])


def test_planted_duplicates_are_told_by_split_and_class(tmp_path: Path, source: Path) -> None:
    """Found without reading: another file format with the same pixels is the same picture."""
    keep(source / "val" / "cat" / "leak.bmp", encoded(scene(3), "bmp"))
    keep(source / "train" / "dog" / "wrong.png", encoded(scene(7)))
    imported(tmp_path)
    result, findings = checked(tmp_path)
    assert result["duplicates"]["across"] == [["train/cat/03.png", "val/cat/leak.bmp"]]
    assert result["duplicates"]["within"] == [["train/cat/07.png", "train/dog/wrong.png"]]
    assert {kind: finding["count"] for kind, finding in findings.items()} == {
        "leak": 1, "contradicting-labels": 1, "duplicates-within-split": 1,
    }  # fmt: skip
    assert findings["contradicting-labels"]["examples"][0]["text"] == "cat and dog"
    assert findings["leak"]["examples"][0]["images"][1] == {
        "split": "val", "position": 12, "path": "val/cat/leak.bmp", "class": "cat",
    }  # fmt: skip


def test_pixels_in_another_shape_are_another_picture(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (6, 4, 3), dtype=np.uint8)
    for name, shape in (("a", (6, 4, 3)), ("b", (4, 6, 3)), ("c", (3, 8, 3))):
        keep(tmp_path / "source" / "one" / f"{name}.png", encoded(Image.fromarray(noise.reshape(shape))))
    imported(tmp_path)
    assert checked(tmp_path)[0]["duplicates"]["pictures"] == 0


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda image: image, "jpeg"),
        (lambda image: ImageEnhance.Brightness(image).enhance(1.2), "png"),
        (lambda image: image.resize((40, 40)), "png"),
    ],
)
def test_a_picture_that_was_changed_a_little_is_a_near_duplicate(
    tmp_path: Path, source: Path, change: Any, kind: str
) -> None:
    keep(source / "val" / "dog" / f"near.{kind}", encoded(change(scene(5)), kind))
    imported(tmp_path)
    result, findings = checked(tmp_path, near=True)
    assert result["near_duplicates"]["across"] == [["train/cat/05.png", f"val/dog/near.{kind}"]]
    assert result["near_duplicates"]["within"] == []
    assert (findings["near-leak"]["count"], findings["near-contradicting-labels"]["count"]) == (1, 1)
    assert "leak" not in findings


def test_pictures_of_one_colour(tmp_path: Path, source: Path) -> None:
    for name, colour in (("black", 0), ("white", 255), ("grey", 90)):
        keep(source / "train" / "cat" / f"{name}.png", encoded(Image.new("RGB", (64, 64), (colour,) * 3)))
    imported(tmp_path)
    _, findings = checked(tmp_path, near=True)
    paths = {kind: finding["examples"][0]["images"][0]["path"] for kind, finding in findings.items()}
    assert paths == {
        "black-images": "train/cat/black.png",
        "white-images": "train/cat/white.png",
        "one-colour-images": "train/cat/grey.png",
    }


def test_classes_that_are_few_or_absent(tmp_path: Path) -> None:
    root = tmp_path / "source"
    for name, count in (("ant", 31), ("bee", 3), ("cow", 12)):
        for index in range(count):
            put(root / "train" / name / f"{index}.png", seed=hash((name, index)) % 2**32)
    put(root / "val" / "ant" / "0.png", seed=1)
    put(root / "val" / "bee" / "0.png", seed=2)
    imported(tmp_path)
    _, findings = checked(tmp_path)
    texts = {kind: [example["text"] for example in finding["examples"]] for kind, finding in findings.items()}
    assert texts == {
        "class-absent": ["cow: none in val, 12 in train"],
        "few-images": ["bee: 3 images in train"],
        "class-imbalance": ["bee: 3 images in train, ant has 31"],
    }


def test_odd_sizes_are_told_with_images(tmp_path: Path, source: Path) -> None:
    keep(source / "train" / "cat" / "small.png", encoded(scene(900, 8)))
    keep(source / "train" / "cat" / "other.png", encoded(scene(901, 60)))
    imported(tmp_path)
    _, findings = checked(tmp_path)
    assert list(findings) == ["odd-sizes"]
    assert [example["text"] for example in findings["odd-sizes"]["examples"]] == ["8 × 8: 1 image"]
    assert findings["odd-sizes"]["examples"][0]["images"][0]["path"] == "train/cat/small.png"


@pytest.mark.parametrize("near", [False, True])
def test_files_that_are_gone_or_changed(tmp_path: Path, source: Path, near: bool) -> None:
    dataset = imported(tmp_path)
    (dataset.root / "train/cat/00.png").unlink()
    (dataset.root / "train/cat/01.png").write_bytes(b"something else")
    _, findings = checked(tmp_path, near=near)
    places = {kind: finding["examples"][0]["images"][0]["path"] for kind, finding in findings.items()}
    assert places == {"missing-files": "train/cat/00.png", "changed-files": "train/cat/01.png"}


@pytest.mark.parametrize("distance", [0, 1, 3, 8, 11])
def test_the_search_finds_what_comparing_all_finds(distance: int) -> None:
    rng = np.random.default_rng(distance)
    hashes = rng.integers(0, 2**64, (60, 2), dtype=np.uint64)[rng.integers(0, 60, 400)]
    for _ in range(distance):  # 400 rows near 60 centres, each up to `distance` flips away
        hashes ^= (rng.integers(0, 2, hashes.shape, dtype=np.uint64)) << rng.integers(0, 64, hashes.shape).astype(
            np.uint64
        )
    apart = np.bitwise_count(hashes[:, None] ^ hashes[None]).max(axis=2)
    expected = {(int(i), int(j), int(apart[i, j])) for i, j in np.argwhere(np.triu(apart <= distance, 1))}
    found = [
        triple for _, pairs in near_pairs(hashes, distance) for triple in zip(*(p.tolist() for p in pairs), strict=True)
    ]
    assert len(found) == len(set(found)) > 100
    assert set(found) == expected


def test_what_cannot_be_checked(tmp_path: Path, source: Path) -> None:
    with pytest.raises(InputError, match="there is no dataset 'd'"):
        checked(tmp_path)
    imported(tmp_path)
    with pytest.raises(InputError, match="a distance of 17 bits says nothing; choose 0 to 16"):
        checked(tmp_path, near=True, distance=17)


def test_by_reference_and_by_headers_alone(tmp_path: Path, source: Path) -> None:
    keep(source / "val" / "cat" / "leak.bmp", encoded(scene(3), "bmp"))
    finish(Import(str(source), "d", home=str(tmp_path), reference=True, check="header").run())
    result, findings = checked(tmp_path)
    assert result["duplicates"]["across"] == []
    assert findings["checksums-unknown"]["count"] == 49
    assert checked(tmp_path, near=True)[0]["near_duplicates"]["across"] == [["train/cat/03.png", "val/cat/leak.bmp"]]
    finish(Recheck("d", home=str(tmp_path)).run())
    (source / "val" / "dog" / "00.png").unlink()
    result, findings = checked(tmp_path)
    assert result["duplicates"]["across"] == [["train/cat/03.png", "val/cat/leak.bmp"]]
    assert {kind: finding["count"] for kind, finding in findings.items()} == {"leak": 1, "missing-files": 1}


def test_images_in_a_container_by_reference(tmp_path: Path) -> None:
    images = np.stack([np.asarray(scene(number)) for number in [*range(12), 3]])
    with h5py.File(tmp_path / "source", "w") as file:
        file["images"], file["labels"] = images, np.arange(13) % 2
    finish(Import(str(tmp_path / "source"), "d", home=str(tmp_path), reference=True, options={"val_fraction": 0}).run())
    for near in (False, True):
        result, findings = checked(tmp_path, near=near)
        assert (result["duplicates"]["pictures"], result["duplicates"]["within_count"]) == (1, 1)
        assert {*findings} <= {"contradicting-labels", "duplicates-within-split", "few-images"}
    with (tmp_path / "source").open("ab") as file:
        file.write(b"more")
    assert checked(tmp_path)[1]["changed-files"]["count"] == 13


def test_a_reader_is_shown_sentences(tmp_path: Path, source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(source / "val" / "cat" / "leak.bmp", encoded(scene(3), "bmp"))
    imported(tmp_path)
    assert main(["--home", str(tmp_path), "datasets", "--check", "d"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert "  leak (1): the same picture is in train and in a split that measures" in "\n".join(said)
    assert said[-1] == "    in train and val: train/cat/03.png, val/cat/leak.bmp"
    assert main(["--home", str(tmp_path), "datasets", "--near"]) == 2
