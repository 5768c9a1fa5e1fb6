"""The same data with the loaders of others: Hugging Face datasets, webdataset, Lightning.

What reads our containers as they are is used as it is; elsewhere the library stands on the Dataset of the snippet
beside it, which is to be saved under the name that it is imported by.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Template

from ..base.package import COMMAND
from .facts import CodeFacts
from .script import ordered, quoted
from .snippet import HUGGINGFACE, LIGHTNING, WEBDATASET, Snippet

TRIED: Mapping[str, tuple[str, str]] = {
    HUGGINGFACE: ("datasets", "5.2.0"),
    WEBDATASET: ("webdataset", "1.0.2"),
    LIGHTNING: ("lightning", "2.6.6"),
}
"""Snippet -> the library, and the version with which it was last run; tests run it where it is installed."""


def tried(name: str) -> str:
    library, version = TRIED[name]
    return f"Last tried with {library} {version}; our tests run it only where that is installed."


# ---------------------------------------------------------------- Hugging Face datasets

LOADED = Template("""\
from datasets import load_dataset

STORE = $store

# The schema of the files says what is in them: an Image, and a ClassLabel with the names.
dataset = load_dataset($builder, data_files={$files})

if __name__ == "__main__":
    sample = dataset[$split][0]
    print(sample["image"].convert("RGB"), dataset[$split].features["label"].int2str(sample["label"]))
""")

LISTED = Template("""\
import csv
import json
from pathlib import Path

from datasets import ClassLabel, Dataset, Features, Image

STORE = Path($store)


def open_split(split=$split):
    folder = STORE / split
    about = json.loads((folder / "metadata.json").read_text("utf-8"))
    with (folder / $manifest).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    root = folder / about.get("root", ".")
    columns = {
        "image": [str(root / row["path"]) for row in rows],
        "label": [int(row["label"]) for row in rows],
    }
    features = Features({"image": Image(), "label": ClassLabel(names=about["classes"])})
    return Dataset.from_dict(columns, features=features)


if __name__ == "__main__":
    dataset = open_split()
    sample = dataset[0]
    print(sample["image"].convert("RGB"), dataset.features["label"].int2str(sample["label"]))
""")

GENERATED = Template("""\
from datasets import ClassLabel, Dataset, Features, Image

from $module import open_split as open_torch  # the PyTorch Dataset, saved as $module.py


STORE = $store
BUILT = $checksum  # with the path it keys the cache of `datasets`: another store is read anew


def samples(split, store):
    images = open_torch(split)
    for i in range(len(images)):
        image, label = images[i]
        yield {"image": image.permute(1, 2, 0).numpy(), "label": label}


def open_split(split=$split):
    features = Features({"image": Image(), "label": ClassLabel(names=open_torch(split)$part.classes)})
    return Dataset.from_generator(samples, gen_kwargs={"split": split, "store": STORE + BUILT}, features=features)


if __name__ == "__main__":
    dataset = open_split()
    print(dataset, dataset[0])
""")

TABLES = {"parquet": ("parquet", "/{split}/*.parquet"), "arrow": ("arrow", "/{split}*.arrow")}


def huggingface(facts: CodeFacts, module: str) -> Snippet:
    file, store = f"{module}_huggingface.py", quoted(str(facts.path))
    split = quoted(facts.split)
    image_files = facts.encoding != "raw" and facts.compression == "none"
    needs = ("datasets", "pillow")
    if image_files and facts.format in TABLES:
        builder, pattern = TABLES[facts.format]
        ending = pattern.replace("{split}*", "{split}-*") if facts.sharded else pattern.replace("{split}*", "{split}")
        files = ", ".join(f"{quoted(one)}: STORE + {quoted(ending.format(split=one))}" for one in facts.splits)
        text = LOADED.substitute(store=store, builder=quoted(builder), files=files, split=split)
        return Snippet(HUGGINGFACE, text, file, needs, tried(HUGGINGFACE))
    if image_files and facts.format in ("disk", "csv") and not facts.sharded:
        manifest = '"manifest.csv"' if facts.format == "disk" else 'f"{split}.csv"'
        text = LISTED.substitute(store=store, split=split, manifest=manifest)
        return Snippet(HUGGINGFACE, text, file, needs, tried(HUGGINGFACE))
    part = ".datasets[0]" if facts.sharded else ""
    text = GENERATED.substitute(store=store, checksum=quoted(facts.checksum), module=module, split=split, part=part)
    note = f"It copies the images into its own cache, as PNG. {tried(HUGGINGFACE)}"
    return Snippet(HUGGINGFACE, text, file, ("datasets", "pillow"), note)


# ---------------------------------------------------------------- webdataset

PIPELINE = Template("""\
def open_split(split=$split, shuffled=True):
    shards = $shards
    dataset = wds.WebDataset(shards, shardshuffle=len(shards) if shuffled else False)
    if shuffled:
        dataset = dataset.shuffle(1000)
    return dataset.to_tuple($members, "cls").map_tuple(decode, int)  # uint8 (height, width, 3), int


if __name__ == "__main__":
    for pixels, label in open_split():
        print(pixels.shape, label)
        break
""")

NPY = """\
def decode(data):  # pixels as an .npy file
    return np.load(io.BytesIO(data))
"""

ENDINGS = "jpg;png;gif;bmp;tif;pgm;ppm;webp;img"
"""Of members that are image files as they were imported."""


def webdataset(facts: CodeFacts, module: str) -> Snippet:
    if facts.format != "webdataset":
        command = f"{COMMAND} build {facts.dataset} --format webdataset --encoding {facts.encoding}"
        return Snippet(WEBDATASET, "", note=f"webdataset reads tar shards alone; make some: {command}")
    decoding, name = facts.decoding, WEBDATASET
    functions, imports, constants = list(decoding.functions), list(decoding.imports), list(decoding.constants)
    packed = {"none": "", "lz4": ".lz4"}.get(facts.compression, ".zst")
    endings = {"raw": "raw", "png": "png", "jpeg": "jpg"}.get(facts.encoding, ENDINGS)
    members = ";".join(ending + packed for ending in endings.split(";"))
    if facts.bare:
        functions, imports, constants, members = [NPY], ["import io", "import numpy as np"], [], "npy"
    if facts.with_dictionary:
        last = functions.pop()
        functions.append(last.replace("\n", "\n    data = unpacker(DICTIONARY).decompress(data)\n", 1))
        constants.append(f'DICTIONARY = (STORE / {quoted(facts.split)} / "__dictionary__").read_bytes()')
    shards = 'sorted(str(path) for path in (STORE / split).glob("*.tar"))'
    zst = facts.options.get("compress") == "zst"
    if zst:  # the program zstd: webdataset itself opens gzip alone
        shards = 'sorted(f"pipe:zstd -dcq \'{path}\'" for path in (STORE / split).glob("*.tar.zst"))'
    pipeline = PIPELINE.substitute(split=quoted(facts.split), shards=shards, members=quoted(members))
    head = "\n".join(
        [ordered(["from pathlib import Path", "import webdataset as wds", *imports]), "",
         f"STORE = Path({quoted(str(facts.path))})", *constants]
    )  # fmt: skip
    text = "\n\n\n".join(part.strip("\n") for part in (head, *functions, pipeline)) + "\n"
    note = f"{'It needs the program zstd. ' if zst else ''}{tried(name)}"
    return Snippet(name, text, f"{module}_webdataset.py", ("webdataset", *decoding.needs), note)


# ---------------------------------------------------------------- Lightning

MODULE = Template("""\
import lightning
from torch.utils.data import DataLoader

from $module import $names  # the PyTorch Dataset, saved as $module.py


class $name(lightning.LightningDataModule):
    def __init__(self, batch_size=$batch, workers=2, transform=None):
        super().__init__()
        self.batch_size, self.workers, self.transform = batch_size, workers, transform

    def setup(self, stage=None):
        self.splits = {split: open_split(split, self.transform) for split in $splits}

    def _loader(self, split, shuffle=False):
        return DataLoader(
            self.splits[split],
            batch_size=self.batch_size,
            shuffle=shuffle,
            num_workers=self.workers,
            persistent_workers=self.workers > 0,$collate
        )
$loaders

if __name__ == "__main__":
    data = $name()
    data.setup()
    print(next(iter(data.$first())))
""")

STAGES = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing"),
}


def lightning(facts: CodeFacts, module: str) -> Snippet:
    stages = {
        stage: next(split for split in names if split in facts.splits)
        for stage, names in STAGES.items()
        if set(names) & set(facts.splits)
    } or {"train": facts.split}
    loaders = "".join(
        f"\n    def {stage}_dataloader(self):\n"
        f"        return self._loader({quoted(split)}{', shuffle=True' if stage == 'train' else ''})\n"
        for stage, split in stages.items()
    )
    text = MODULE.substitute(
        module=module,
        names="open_split",
        name=f"{facts.class_name}Data",
        batch=256 if facts.shape else 32,
        splits="[" + ", ".join(quoted(split) for split in stages.values()) + "]",
        collate="" if facts.shape else "\n            collate_fn=list,  # images differ in size",
        loaders=loaders,
        first=f"{next(iter(stages))}_dataloader",
    )
    return Snippet(LIGHTNING, text, f"{module}_lightning.py", ("lightning", "torch"), tried(LIGHTNING))
