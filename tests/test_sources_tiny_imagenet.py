"""Tiny ImageNet's own layout, with the labels of its validation images in a text file."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.base.contracts import Skipped
from core.base.source_contracts import FoundImage
from core.sources import Request, open_source, recognise
from tests.image_fixtures import put


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "tiny-imagenet-200"
    for name in ("n01443537", "n01629819"):
        put(root / "train" / name / "images" / f"{name}_0.JPEG")
        (root / "train" / name / f"{name}_boxes.txt").write_text("x\t0\t0\t9\t9\n")
    for number in range(3):
        put(root / "val" / "images" / f"val_{number}.JPEG", seed=number)
    put(root / "test" / "images" / "test_0.JPEG")
    (root / "val" / "val_annotations.txt").write_text(
        "val_0.JPEG\tn01629819\t0\t32\t44\t62\nval_1.JPEG\tn09999999\t0\t1\t2\t3\n"
        "not there.JPEG\tn01443537\t0\n\nbroken\n"
    )
    return root


def test_labels_of_the_validation_images_come_from_their_file(root: Path, tmp_path: Path) -> None:
    assert recognise(str(root)) == "tiny_imagenet"
    source = open_source("tiny_imagenet", {}, Request(scratch=tmp_path, downloads=tmp_path, path=root))
    list(source.prepare())

    found = list(source.images())

    assert [(image.split, image.class_name, image.name) for image in found if isinstance(image, FoundImage)] == [
        ("train", "n01443537", "n01443537_0.JPEG"),
        ("train", "n01629819", "n01629819_0.JPEG"),
        ("val", "n01629819", "val_0.JPEG"),
        ("val", "n09999999", "val_1.JPEG"),
    ]
    assert source.classes == ["n01443537", "n01629819", "n09999999"]
    assert source.counts == {"train": 2, "val": 2}
    (skipped,) = (skip for skip in found if isinstance(skip, Skipped))
    assert skipped == (str(root / "val" / "images" / "val_2.JPEG"), "no label in val_annotations.txt")
    source.close()
