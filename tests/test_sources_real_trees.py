"""Trees as well-known collections are handed out, and what people make of them: splits, classes, what is left out.

Only the listing is judged, so the files are empty. In the trees `{a,b}` stands for each of these, and a path that ends
with "/" for a folder of two images.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from core.base.errors import InputError
from core.base.events import finish
from core.base.source_contracts import FoundImage, Recognition
from core.sources import Request, open_source
from core.sources.alike import inner_are_classes


class Listing(NamedTuple):
    """What an import would bring: images by "split/class", what was taken for what, and what is said."""

    cells: Mapping[str, int]
    classes: list[str]
    recognition: Recognition

    @property
    def unused(self) -> set[str]:
        return {Path(unused.path).name for unused in self.recognition.unused}

    @property
    def said(self) -> str:
        return "\n".join(self.recognition.notes)


def grow(root: Path, trees: str) -> None:
    for pattern in trees.split():
        for path in _spelled(pattern):
            for name in ("0.jpg", "1.jpg") if path.endswith("/") else ("",):
                file = root / path / name if name else root / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(b"")


def _spelled(pattern: str) -> Iterator[str]:
    """a{b,c} -> ab, ac; {1..3} -> 1, 2, 3; `+` is a blank."""
    found = re.search(r"\{([^{}]*)\}", pattern)
    if found is None:
        yield pattern.replace("+", " ")
        return
    first, dots, last = found[1].partition("..")
    if dots:
        letters, number = re.fullmatch(r"(\D*)(\d+)", first).groups()
        words = [f"{letters}{n:0{len(number)}d}" for n in range(int(number), int(last) + 1)]
    else:
        words = found[1].split(",")
    for word in words:
        yield from _spelled(pattern[: found.start()] + word + pattern[found.end() :])


def listing(root: Path, **options: object) -> Listing:
    scratch = root.parent / f"scratch {len(list(root.parent.iterdir()))}"
    scratch.mkdir()
    source = open_source("image_folder", {"val_fraction": 0} | options, Request(scratch, scratch, root))
    finish(source.prepare())
    cells = source.listing.cells()  # type: ignore[attr-defined]
    classes = list(source.classes)
    source.close()
    return Listing({f"{split}/{name}": count for (split, name), count in cells.items()}, classes, source.recognition)


@pytest.mark.parametrize(
    ("trees", "group", "of"),
    [
        ("{amazon,dslr,webcam}/images/{bike,desk,mug,pen}/", "group", "webcam"),
        ("{art,photo}/{train,test}/{dog,horse,guitar}/", "group", "photo"),
        ("fold{1..5}/{cat,dog}/", "fold", "fold3"),
    ],
)
def test_the_group_of_an_image_is_kept_as_a_field(tmp_path: Path, trees: str, group: str, of: str) -> None:
    grow(tmp_path / "mine", trees)
    source = open_source("image_folder", {}, Request(tmp_path, tmp_path, tmp_path / "mine"))
    finish(source.prepare())

    for image in source.images():
        assert isinstance(image, FoundImage)
        assert (image.fields == {group: of}) == (f"/{of}/" in image.origin)
    source.close()


@pytest.mark.parametrize(
    ("outer", "inner", "inside"),
    [
        ("00 01 02", "palm fist ok", True),  # subjects, gestures
        ("0 1 2", "user1 user2 user3 user4", False),  # digits, who wrote them
        ("cat dog", "s1 s2 s3", False),
        ("s1 s2 s3", "cat dog", True),
        ("art photo", "dog horse guitar", True),
        ("cat dog cow", "front side", False),
        ("COVID Normal", "Patient+(1) Patient+(2) Patient+(3)", False),
        ("benign malignant", "40X 100X 200X", False),
        ("2019 2020", "cat dog", True),
    ],
)
def test_which_of_two_levels_is_the_classes(outer: str, inner: str, inside: bool) -> None:
    names = [word.replace("+", " ") for word in inner.split()]
    assert inner_are_classes(outer.split(), names) == inside


class Tree(NamedTuple):
    """`cells` names splits and classes, `{a,b}` as in trees, each with two images unless it says `=n`."""

    trees: str
    cells: str
    unused: str = ""
    said: str = ""


TREES = {
    "places365, letters above the classes": Tree(
        "data_256/a/{abbey,airfield}/ data_256/b/{bakery,bazaar/indoor,bazaar/outdoor}/",
        "train/{abbey,airfield,bakery} train/bazaar=4",
        said="letters",
    ),
    "places365 as torchvision has it": Tree(
        "data_256_standard/a/{abbey,airfield}/ data_256_standard/b/{bar,barn}/ val_256/ test_256/",
        "train/{abbey,airfield,bar,barn}",
        unused="val_256 test_256",
        said="data_256_standard",
    ),
    "food-101": Tree(
        "food-101/images/{apple_pie,waffles}/ food-101/meta/{train,test,classes}.txt",
        "train/{apple_pie,waffles}",
        unused="train.txt test.txt classes.txt",
    ),
    "caltech-101": Tree(
        "caltech-101/101_ObjectCategories/{BACKGROUND_Google,accordion}/ "
        "caltech-101/Annotations/accordion/annotation_0001.mat caltech-101/show_annotation.m",
        "train/{BACKGROUND_Google,accordion}",
        unused="annotation_0001.mat show_annotation.m",
    ),
    "oxford pets": Tree(
        "images/{Abyssinian,pug}_{1,2}.jpg annotations/trimaps/{Abyssinian,pug}_{1,2}.png "
        "annotations/trimaps/._pug_1.png annotations/list.txt",
        "train/{Abyssinian,pug}",
        unused="annotations list.txt",
        said="guess from the files' names",
    ),
    "stanford dogs": Tree(
        "Images/{n02085620-Chihuahua,n02085782-Japanese_spaniel}/ Annotation/n02085620-Chihuahua/n02085620_10074",
        "train/{n02085620-Chihuahua,n02085782-Japanese_spaniel}",
        unused="n02085620_10074",
    ),
    "gtsrb, official": Tree(
        "GTSRB/Final_Training/Images/{00000..00010}/{00000,00001}_00000.ppm GTSRB/Final_Test/Images/0000{0,1}.ppm "
        "GTSRB/Final_Training/Images/00000/GT-00000.csv GTSRB/Readme-Images.txt",
        "train/{00000..00010}",
        unused="Images GT-00000.csv Readme-Images.txt",
        said="no labels",
    ),
    "gtsrb, from kaggle": Tree(
        "{Meta,meta}/{0..11}.png {Train,train}/{0..11}/{00000,00001}.png {Test,test}/{0,1}.png {Train,Test}.csv",
        "train/{0..11}",
        unused="Meta meta Test test train Train.csv Test.csv",
        said="copy",
    ),
    "eurosat": Tree("2750/{AnnualCrop,SeaLake}/", "train/{AnnualCrop,SeaLake}"),
    "ucf frames": Tree(
        "UCF-101-frames/{Archery,Biking}/v_{1,2}/",
        "train/{Archery,Biking}=4",
    ),
    "new plant diseases": Tree(
        "{New,new}+Plant+Diseases/New+Plant+Diseases/{train,valid}/{apple,corn}/ test/test/AppleScab{1,2}.JPG",
        "{train,val}/{apple,corn}",
        unused="new+Plant+Diseases test",
    ),
    "plantvillage, three pictures of each leaf": Tree(
        "plantvillage/{color,grayscale,segmented}/{apple,corn,grape,potato}/",
        "train/{apple,corn,grape,potato}=6",
        said="color, grayscale, segmented have as many images of every class",
    ),
    "augmented copies beside": Tree(
        "Original+Images/Original+Images/{healthy,ill}/ Augmented+Images/Augmented+Images/{healthy,ill}/",
        "train/{healthy,ill}",
        unused="Augmented+Images",
    ),
    "fer2013": Tree("{train,test}/{angry,happy}/", "{train,val}/{angry,happy}", said="serve as val"),
    "ten monkeys": Tree(
        "{training/training,validation/validation}/{n0..10}/ monkey_labels.txt",
        "{train,val}/{n0..10}",
        unused="monkey_labels.txt",
    ),
    "lfw": Tree(
        "lfw/{Aaron_Eckhart,George_W_Bush}/{a_0001,b_0001}.jpg",
        "train/{Aaron_Eckhart,George_W_Bush}",
    ),
    "office-31": Tree(
        "{amazon,dslr,webcam}/images/{back_pack,bike,desk,mug}/",
        "train/{back_pack,bike,desk,mug}=6",
        said="amazon, dslr, webcam",
    ),
    "domains with splits": Tree(
        "{art,photo}/{train,test}/{dog,horse,guitar}/",
        "{train,val}/{dog,horse,guitar}=4",
        said="art, photo",
    ),
    "cub-200": Tree(
        "CUB_200_2011/images/{001.Albatross,002.Auk,010.Bunting}/ CUB_200_2011/{images,classes}.txt "
        "CUB_200_2011/segmentations/{001.Albatross,002.Auk,010.Bunting}/ CUB_200_2011/parts/parts.txt",
        "train/{001.Albatross,002.Auk,010.Bunting}",
        unused="segmentations images.txt classes.txt parts.txt",
    ),
    "imagenet, all of it": Tree(
        "ILSVRC/Data/CLS-LOC/train/{n01440764,n01443537}/ ILSVRC/Data/CLS-LOC/{val,test}/ "
        "ILSVRC/Annotations/CLS-LOC/train/n01440764/a.xml ILSVRC/ImageSets/CLS-LOC/val.txt",
        "train/{n01440764,n01443537}",
        unused="val test a.xml val.txt",
    ),
    "imagenet, validation images alone": Tree(
        "ILSVRC2012_img_val/ILSVRC2012_val_{00000001..00000004}.JPEG",
        "train/mine=4",
        said="no labels found",
    ),
    "coco": Tree(
        "{train,val}2017/ annotations/instances_{train,val}2017.json",
        "{train,val}/mine",
        unused="instances_train2017.json instances_val2017.json",
        said="no labels found",
    ),
    "market-1501": Tree(
        "bounding_box_{train,test}/{0001..0004}_c1s1_000451_03.jpg query/ gt_bbox/ gt_query/a.mat",
        "{train,test}/mine=4",
        unused="query gt_bbox a.mat",
        said="no labels found",
    ),
    "folds": Tree(
        "fold{1..5}/{cat,dog}/",
        "train/{cat,dog}=10",
        said="folds are no splits",
    ),
    "folds that hold splits": Tree(
        "fold_{0..2}/{train,val}/{cat,dog}/",
        "{train,val}/{cat,dog}",
        unused="fold_1 fold_2",
    ),
    "capitals": Tree("{Train,Test}/{Cat,Dog}/", "{train,val}/{Cat,Dog}"),
    "groups above the classes": Tree(
        "animals/{cat,dog}/ vehicles/{bus,car}/",
        "train/{animals,vehicles}=4",
        said="level=",
    ),
    "leap gestures: subjects above the classes": Tree(
        "leapGestRecog/{00..03}/{01_palm,02_l,03_fist,04_ok}/",
        "train/{01_palm,02_l,03_fist,04_ok}=8",
        said="00, 01, 02",
    ),
    "what computers leave behind": Tree(
        "{cat,dog}/ .DS_Store cat/Thumbs.db cat/@eaDir/0.jpg/SYNOPHOTO_THUMB_M.jpg __MACOSX/cat/._0.jpg",
        "train/{cat,dog}",
    ),
    "thumbnails in each class": Tree("{cat,dog}/ {cat,dog}/thumbs/", "train/{cat,dog}", unused="thumbs"),
    "thumbnails beside": Tree("{images,thumbnails}/{cat,dog}/", "train/{cat,dog}", unused="thumbnails"),
    "covid radiography: masks in each class": Tree(
        "{COVID,Normal,Pneumonia}/{images,masks}/ COVID.metadata.xlsx",
        "train/{COVID,Normal,Pneumonia}",
        unused="masks COVID.metadata.xlsx",
    ),
    "flowers, packed twice": Tree("{daisy,rose}/ flowers/{daisy,rose}/", "train/{daisy,rose}", unused="flowers"),
    "brain scans, packed twice": Tree(
        "{yes,no}/ brain_tumor_dataset/{yes,no}/", "train/{no,yes}", unused="brain_tumor_dataset"
    ),
    "parts of one folder": Tree(
        "HAM10000_images_part_{1,2}/ HAM10000_metadata.csv",
        "train/mine=4",
        unused="HAM10000_metadata.csv",
        said="HAM10000_images_part_1",
    ),
    "numbered parts with a folder in each": Tree(
        "images_{001..012}/images/ Data_Entry_2017.csv",
        "train/mine=24",
        unused="Data_Entry_2017.csv",
    ),
    "faces by thousands": Tree(
        "images1024x1024/00000/{00000,00001}.png images1024x1024/01000/{01000,01001}.png "
        "images1024x1024/02000/{02000,02001}.png",
        "train/images1024x1024=6",
    ),
    "defects with masks among the images": Tree(
        "Class{1,2}/{Train,Test}/ Class{1,2}/{Train,Test}/Label/",
        "{train,val}/{Class1,Class2}",
        unused="Label",
    ),
    "images with a folder of masks among them": Tree("{0,1}.jpg masks/", "train/mine", unused="masks"),
    "omniglot": Tree(
        "images_background/{Greek,Latin}/ images_evaluation/{Gujarati,Tibetan}/",
        "train/{Greek,Latin} val/{Gujarati,Tibetan}",
        said="images_background: taken for the training split",
    ),
    "inaturalist": Tree(
        "train_mini/{00000_Fox,00001_Hare}/ val/{00000_Fox,00001_Hare}/", "{train,val}/{00000_Fox,00001_Hare}"
    ),
    "kitti": Tree("{training,testing}/image_2/", "{train,test}/mine", said="no labels found"),
    "chexpert": Tree(
        "{train,valid}/patient{00001..00003}/study1/{0,1}.jpg", "{train,val}/patient{00001..00003}", said="persons"
    ),
    "a copy but for a blank": Tree(
        "{OCT2017,OCT2017+}/{train,test}/{CNV,DME}/", "{train,val}/{CNV,DME}", unused="OCT2017+"
    ),
    "train beside what is no split": Tree("train/ docs/", "train/{docs,train}", said="called like a split"),
    "super-resolution": Tree(
        "DIV2K_{train,valid}_HR/ DIV2K_{train,valid}_LR_bicubic/X2/",
        "{train,val}/{DIV+K+HR,DIV+K+LR+bicubic}",
        said="classes are a guess",
    ),
    "archives of one folder, unpacked side by side": Tree(
        "photos-{001,002}/photos/{cat,dog}/", "train/{cat,dog}=4", said="photos-001, photos-002"
    ),
    "a test folder beside the classes": Tree("{cat,dog,test}/", "train/{cat,dog}", unused="test", said="test"),
    "a test folder with the classes beside them": Tree("{cat,dog}/ test/{cat,dog}/", "{train,val}/{cat,dog}"),
    "two sets of data": Tree(
        "fruits/fruits/{Training,Test}/{apple,pear}/ fruits-original/fruits-original/{Training,Test}/{apple_1,pear_3}/",
        "refused",
        said="fruits-original",
    ),
    "fruits-360 by itself": Tree(
        "fruits-360/{Training,Test}/{Apple+Braeburn,Pear}/ fruits-360/test-multiple_fruits/ fruits-360/papers/",
        "{train,val}/{Apple+Braeburn,Pear}",
        unused="test-multiple_fruits papers",
    ),
    "anomalies of one thing": Tree(
        "bottle/{train/good,test/good,test/broken,ground_truth/broken}/",
        "train/good val/{good,broken}",
        unused="ground_truth",
    ),
    "yolo": Tree(
        "{train,valid}/images/ {train,valid}/labels/{0,1}.txt data.yaml",
        "{train,val}/mine",
        unused="0.txt 1.txt data.yaml",
        said="no labels found",
    ),
}


@pytest.mark.parametrize("name", TREES)
def test_trees_of_well_known_collections(tmp_path: Path, name: str) -> None:
    tree = TREES[name]
    grow(tmp_path / "mine", tree.trees)

    if tree.cells == "refused":
        with pytest.raises(InputError, match=tree.said):
            listing(tmp_path / "mine")
        return
    found = listing(tmp_path / "mine")

    expected = (cell.partition("=") for pattern in tree.cells.split() for cell in _spelled(pattern))
    assert found.cells == {cell: int(count or 2) for cell, _, count in expected}
    assert tree.said in found.said
    assert found.unused - {"mine"} == {unused.replace("+", " ") for unused in tree.unused.split()}
