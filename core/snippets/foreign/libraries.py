"""The same file with the loaders of others: as it is where they read it, else on the Dataset of the snippet beside."""

from __future__ import annotations

from string import Template

from ..libraries import tried
from ..script import ordered, quoted
from ..snippet import HUGGINGFACE, LIGHTNING, WEBDATASET, Snippet
from .candidates import named_files
from .facts import FileFacts

GENERATED = Template("""\
from datasets import ClassLabel, Dataset, Features, Image, Value

from $module import open_file as open_torch  # the PyTorch Dataset, saved as $module.py

SOURCE = $source  # keys the cache of `datasets`: change it where the file was changed


def samples(source):
    images = open_torch()
    for i in range(len(images)):
        image, label = images[i]
        yield {"image": image.permute(1, 2, 0).numpy(), "label": label}


def open_file():
    features = Features({"image": Image(), "label": $label})
    return Dataset.from_generator(samples, gen_kwargs={"source": SOURCE}, features=features)


if __name__ == "__main__":
    dataset = open_file()
    print(dataset, dataset[0])
""")

LOADED = Template("""\
from glob import glob

from datasets import load_dataset

$files

# The schema of the files says which columns are images, and the names of the classes.
dataset = load_dataset($builder, data_files=FILES, split="train")

if __name__ == "__main__":
    print(dataset.features, dataset[0])
""")

PIPELINE = Template("""\
def open_file(shuffled=True):
    dataset = wds.WebDataset(FILES, shardshuffle=len(FILES) if shuffled else False)
    if shuffled:
        dataset = dataset.shuffle(1000)
    return dataset.to_tuple($members).map_tuple(decode, int)  # uint8 (height, width, 3), int


if __name__ == "__main__":
    for pixels, label in open_file():
        print(pixels.shape, label)
        break
""")

MODULE = Template("""\
import lightning
import torch
from torch.utils.data import DataLoader, random_split

from $module import open_file  # the PyTorch Dataset, saved as $module.py


class FileData(lightning.LightningDataModule):
    def __init__(self, batch_size=$batch, workers=2, held_out=0.1, transform=None):
        super().__init__()
        self.batch_size, self.workers, self.transform = batch_size, workers, transform
        self.held_out = held_out  # the file has no split of its own here

    def setup(self, stage=None):
        parts, seed = [1 - self.held_out, self.held_out], torch.Generator().manual_seed(0)
        self.train, self.val = random_split(open_file(self.transform), parts, seed)

    def _loader(self, part, shuffle=False):
        return DataLoader(
            part, batch_size=self.batch_size, shuffle=shuffle, num_workers=self.workers,$collate
        )

    def train_dataloader(self):
        return self._loader(self.train, shuffle=True)

    def val_dataloader(self):
        return self._loader(self.val)


if __name__ == "__main__":
    data = FileData()
    data.setup()
    print(next(iter(data.train_dataloader())))
""")


def others(facts: FileFacts, program: Snippet) -> list[Snippet]:
    module = program.file.removesuffix(".py")
    return [_huggingface(facts, module), _webdataset(facts, module), _lightning(facts, module)]


def _huggingface(facts: FileFacts, module: str) -> Snippet:
    file = f"{module}_huggingface.py"
    if facts.kind in ("parquet", "arrow") and "Hugging Face" in facts.why:
        text = LOADED.substitute(files=named_files(facts), builder=quoted(facts.kind))
        text = text if "glob(" in named_files(facts) else text.replace("from glob import glob\n\n", "")
        return Snippet(HUGGINGFACE, text, file, ("datasets", "pillow"), tried(HUGGINGFACE))
    names = [*facts.classes] if facts.has_labels and len(facts.classes) <= 100 else []
    label = f"ClassLabel(names=[{', '.join(map(quoted, names))}])" if names else 'Value("int64")'
    text = GENERATED.substitute(module=module, source=quoted(str(facts.path)), label=label)
    text = text.replace(", Value\n", "\n") if names else text.replace("ClassLabel, ", "")
    return Snippet(
        HUGGINGFACE,
        text,
        file,
        ("datasets", "pillow"),
        f"It copies the images into its own cache, as PNG. {tried(HUGGINGFACE)}",
    )


def _webdataset(facts: FileFacts, module: str) -> Snippet:
    if facts.kind != "tar" or facts.decoding is None:
        return Snippet(WEBDATASET, "", note="webdataset reads tar archives alone.")
    label = next(facts.label_fields, "")
    if not facts.has_labels or isinstance(facts.label, str) or not label or "." in label:
        return Snippet(
            WEBDATASET, "", note="Its labels are no numbers in a member of their own, as webdataset's readers expect."
        )
    code = facts.decoding
    pipeline = PIPELINE.substitute(members=f"{quoted(facts.image)}, {quoted(label)}")
    head = "\n".join(
        [
            ordered(["from glob import glob", "import webdataset as wds", *code.imports]),
            "",
            named_files(facts),
            *code.constants,
        ]
    )
    head = head if "glob(" in named_files(facts) else head.replace("from glob import glob\n", "")
    text = "\n\n\n".join(part.strip("\n") for part in (head, *code.functions, pipeline)) + "\n"
    return Snippet(WEBDATASET, text, f"{module}_webdataset.py", ("webdataset", *code.needs), tried(WEBDATASET))


def _lightning(facts: FileFacts, module: str) -> Snippet:
    collate = "" if facts.shape else "\n            collate_fn=list,  # images differ in size"
    if facts.kind == "lance":  # its threads do not survive a fork
        collate += '\n            multiprocessing_context="spawn" if self.workers else None,'
    text = MODULE.substitute(module=module, batch=256 if facts.shape else 32, collate=collate)
    return Snippet(LIGHTNING, text, f"{module}_lightning.py", ("lightning", "torch"), tried(LIGHTNING))
