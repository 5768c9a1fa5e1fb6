"""Images that are rows of an array: NumPy's files, HDF5, Zarr, safetensors, idx, CIFAR's batches, MATLAB 5."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..script import quoted
from ..snippet import DatasetCode
from .candidates import ProgramCandidate, constants, with_classes
from .facts import FileFacts

ROW = re.compile(r"(.*)\[\d+(?:, \d+)*\]$", re.DOTALL)

INTERLEAVED, PLANES, GREY = "np.array(row)", "np.array(row.transpose(1, 2, 0))", "np.repeat(row[:, :, None], 3, axis=2)"


def array_name(facts: FileFacts) -> str:
    """The array that the first record is a row of; "" where keys do not say."""
    found = ROW.match(facts.keys[0])
    return found[1] if found else ""


def pictures(facts: FileFacts) -> Iterator[str]:
    """Expressions that make pixels of `row`."""
    height, width = facts.shape or (0, 0)
    shape = tuple(facts.sample.get("stored_shape") or ())
    likely = {2: [GREY], 3: [INTERLEAVED, PLANES] if shape[-1:] in ((3,), (4,)) else [PLANES, INTERLEAVED]}
    narrow = str(facts.sample.get("dtype")) == "uint8"
    for made in [*likely.get(len(shape), []), INTERLEAVED, PLANES, GREY]:
        for plain in (made, *VARIANTS.get(made, ())):
            if narrow:
                yield plain
            else:
                yield f"to_8_bits({plain})"
    for flat in (
        f"np.repeat(row.reshape({height}, {width}, 1), 3, axis=2)",
        f"np.array(row.reshape(3, {height}, {width}).transpose(1, 2, 0))",
        f"np.array(row.reshape({height}, {width}, 3))",
    ):
        yield flat if narrow else f"to_8_bits({flat})"


VARIANTS: Mapping[str, Sequence[str]] = {
    INTERLEAVED: (
        "np.array(row[:, :, :3])",
        "np.array(row[:, :, ::-1])",
        "np.repeat(row[:, :, :1], 3, axis=2)",
        "np.array(row.transpose(1, 0, 2))",
    ),
    PLANES: (
        "np.array(row[:3].transpose(1, 2, 0))",
        "np.array(row[::-1].transpose(1, 2, 0))",
        "np.repeat(row.transpose(1, 2, 0)[:, :, :1], 3, axis=2)",
        "np.array(row.T)",
    ),
    GREY: ("np.repeat(row.T[:, :, None], 3, axis=2)",),
}
"""Four channels, blue before red, grey with an axis of its own, MATLAB's reversed axes."""

TO_8_BITS = """\
def to_8_bits(pixels):  # BLACK becomes 0 and WHITE 255, for all images alike
    wide = pixels.astype(np.float64)
    wide[np.isnan(wide)] = BLACK
    return np.clip(np.rint((wide - BLACK) * (255.0 / (WHITE - BLACK))), 0, 255).astype(np.uint8)
"""


def label_arrays(facts: FileFacts) -> Iterator[str]:
    """Names of arrays that may hold the labels."""
    seen: set[str] = set()
    folder = array_name(facts).rpartition("/")[0]
    told = list(facts.label_fields)
    told += re.findall(r"(\S+) (?:has a label for each|has the labels)", facts.why)
    for name in told:
        for full in (name, f"{folder}/{name}" if folder else name):
            if full not in seen:
                seen.add(full)
                yield full


def rows(
    facts: FileFacts,
    about: str,
    opened: str,
    imports: Sequence[str],
    *,
    loads_labels: str,
    close: str = "",
    constant: Sequence[str] = (),
    functions: Sequence[str] = (),
    indexings: Sequence[str] = ("[i]",),
    methods: str = "",
    counted: str = "len(self._open())",
) -> Iterator[ProgramCandidate]:
    """`opened`: lines of the method that opens the array of images `self._images`; `loads_labels`: lines that read all
    labels, {name} being the array's, {labels} what they become."""
    name = array_name(facts)
    lines = tuple(constant)
    shown: Any = facts.sample.get("display") or {}
    bounds = shown.get("range") if isinstance(shown, Mapping) else None
    if str(facts.sample.get("dtype")) != "uint8":
        if not bounds:
            return
        lines += (f"BLACK, WHITE = {bounds[0]}, {bounds[1]}  # as the Inspector draws all of them",)
        functions = (*functions, TO_8_BITS)
    every: list[tuple[str, str]] = []
    if facts.has_labels:
        for label in label_arrays(facts):
            for made in LABELS if not isinstance(facts.label, str) else TEXT_LABELS:
                every.append((loads_labels.format(name=quoted(label), labels=made), "int(self.labels[i])"))
    else:
        every = [("self.labels = None\n", "-1")]
    for init, number in every:
        for index in indexings:
            for picture in dict.fromkeys(pictures(facts)):
                count = counted if index == "[i]" else "len(self.labels)"
                without = init.replace("self.labels = None\n", "")
                code = DatasetCode(
                    about=about,
                    init=with_classes(without, facts) or "self.classes = []\n",
                    get=f"row = self._open(){index}\npixels = {picture}",
                    path="",
                    imports=tuple(imports),
                    constants=constants(facts, *lines),
                    functions=tuple(functions),
                    methods=opened.format(name=quoted(name)) + methods,
                    close=close,
                    lazy={"_pid": "None", "_images": "None"} if "os.getpid" in opened else {"_images": "None"},
                )
                yield ProgramCandidate(code, number, count)


LABELS = ("np.ravel({0}).astype(int)", "np.argmax({0}, axis=1)")
TEXT_LABELS = ("np.array([CLASSES.index(one.decode() if isinstance(one, bytes) else str(one)) for one in {0}])",)

MAPPED = """\
def _open(self):  # mapped: only what is asked for is read
    if self._images is None:
        self._images = {load}
    return self._images
"""


def _with_read(candidates: Iterator[ProgramCandidate]) -> Iterator[ProgramCandidate]:
    """`{0}` in the expressions of labels stands for what was read."""
    for one in candidates:
        yield replace(one, code=replace(one.code, init=one.code.init.replace("{0}", "read")))


def npy(facts: FileFacts) -> Iterator[ProgramCandidate]:
    where = "self.path" if facts.path.is_file() else 'self.path / ({name} + ".npy")'
    load = f'np.load({where}, mmap_mode="r")'
    labels = 'read = np.load(self.path / ({name} + ".npy"))\nself.labels = {labels}\n'
    opened = MAPPED.replace("{load}", load)
    yield from _with_read(rows(facts, "An array of images in a .npy file.", opened, (), loads_labels=labels))


def npz(facts: FileFacts) -> Iterator[ProgramCandidate]:
    opened = MAPPED.replace("{load}", "np.load(self.path)[{name}]").replace(
        "mapped: only what is asked for is read", "the whole array: members of a .npz cannot be mapped"
    )
    labels = "read = np.load(self.path)[{name}]\nself.labels = {labels}\n"
    yield from _with_read(rows(facts, "Arrays in a .npz file.", opened, (), loads_labels=labels))


PER_PROCESS = """\
def _open(self):  # each process opens the file for itself: handles do not survive a fork
    if self._pid != os.getpid():
        self._images, self._pid = {load}, os.getpid()
    return self._images
"""


def hdf5(facts: FileFacts) -> Iterator[ProgramCandidate]:
    opened = PER_PROCESS.replace("{load}", "h5py.File(self.path)[{name}]")
    labels = "with h5py.File(self.path) as file:\n    read = file[{name}][()]\nself.labels = {labels}\n"
    close = "if self._pid == os.getpid():\n    self._images.file.close()\nself._pid = self._images = None\n"
    about = "Images are a dataset of an HDF5 file."
    made = rows(
        facts, about, opened, ("import os", "import h5py"), loads_labels=labels, close=close,
        indexings=("[i]", "[..., i]"),
    )  # fmt: skip
    if facts.decoding is None:
        yield from _with_read(made)
        return
    for one in _with_read(
        rows(replace_dtype(facts), about, opened, ("import os", "import h5py"), loads_labels=labels, close=close)
    ):
        for data in ("bytes(row)", "row.tobytes()", "base64.b64decode(row)"):
            code = replace(
                one.code,
                get=f"row = self._open()[i]\npixels = decode({data})",
                imports=(*one.code.imports, "import base64"),
            )
            yield replace(one, code=code)


def replace_dtype(facts: FileFacts) -> FileFacts:
    """Of image files: whatever they are made of."""
    return replace(facts, sample={**facts.sample, "dtype": "uint8", "stored_shape": (1, 1)})


def zarr(facts: FileFacts) -> Iterator[ProgramCandidate]:
    opened = PER_PROCESS.replace("{load}", 'zarr.open_group(self.path, mode="r")[{name}]').replace(
        "handles do not survive a fork", "what is open does not survive a fork"
    )
    labels = 'read = zarr.open_group(self.path, mode="r")[{name}][:]\nself.labels = {labels}\n'
    about, imports = "Images are an array of a Zarr group.", ("import os", "import zarr")
    made = rows(facts, about, opened, imports, loads_labels=labels, counted="self._open().shape[0]")
    yield from _with_read(made)


def safetensors(facts: FileFacts) -> Iterator[ProgramCandidate]:
    opened = MAPPED.replace("{load}", "load_file(self.path)[{name}]").replace(
        "mapped: only what is asked for is read", "the whole tensor"
    )
    labels = "read = load_file(self.path)[{name}]\nself.labels = {labels}\n"
    imports = ("from safetensors.numpy import load_file",)
    yield from _with_read(
        rows(facts, "Images are a tensor of a safetensors file.", opened, imports, loads_labels=labels)
    )


IDX = """\
def read_idx(path):  # MNIST's format: two zeros, the type (8: uint8), axes, their lengths, the numbers
    with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
        data = file.read()
    shape = struct.unpack_from(f">{data[3]}I", data, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape)
"""


def idx(facts: FileFacts) -> Iterator[ProgramCandidate]:
    opened = MAPPED.replace("{load}", "read_idx(self.path)").replace(
        "mapped: only what is asked for is read", "the whole file"
    )
    found = re.search(r"(\S+) beside it has a label for each", facts.why)
    beside = found[1] if found else ""
    made = rows(
        replace(facts, keys=["images[0]"], why=f"{beside} has the labels"), "MNIST's format.", opened,
        ("import gzip", "import struct"),
        loads_labels="read = read_idx(self.path.with_name({name}))\nself.labels = {labels}\n", functions=(IDX,),
    )  # fmt: skip
    yield from _with_read(one for one in made if beside in one.code.init)


PLAIN_PICKLE = """\
class PlainData(pickle.Unpickler):  # a pickle may run anything: arrays and plain data alone are let in
    def find_class(self, module, name):
        if module.split(".")[0] == "numpy" and name in ("_reconstruct", "ndarray", "dtype", "scalar"):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name}")
"""

CIFAR_INIT = """\
batches = []
for name in NAMES:
    with (self.path / name).open("rb") as file:
        batches.append(PlainData(file, encoding="bytes").load())
self.rows = np.concatenate([batch[b"data"] for batch in batches])
self.labels = np.concatenate([batch[LABELS] for batch in batches])
"""


def cifar(facts: FileFacts) -> Iterator[ProgramCandidate]:
    batches = list(facts.parts) or [facts.path.name]
    ordered = sorted(batches, key=lambda name: ("test" in name, name))
    names = ", ".join(map(quoted, ordered))
    for label in ("labels", "fine_labels", "coarse_labels"):
        code = DatasetCode(
            about="CIFAR's pickled batches: rows of 3 x 32 x 32 numbers, red, green, blue.",
            init=with_classes(CIFAR_INIT, facts),
            get="pixels = np.array(self.rows[i].reshape(3, 32, 32).transpose(1, 2, 0))",
            path="",
            imports=("import pickle",),
            constants=constants(facts, f"NAMES = [{names}]", f'LABELS = b"{label}"'),
            functions=(PLAIN_PICKLE,),
        )
        yield ProgramCandidate(code, "int(self.labels[i])", "len(self.labels)")


def mat5(facts: FileFacts) -> Iterator[ProgramCandidate]:
    opened = MAPPED.replace("{load}", "loadmat(self.path)[{name}]").replace(
        "mapped: only what is asked for is read", "the whole array"
    )
    labels = "read = loadmat(self.path)[{name}]\nself.labels = {labels}\n"
    imports = ("from scipy.io import loadmat",)
    made = rows(
        facts, "Images are a variable of a MATLAB file.", opened, imports, loads_labels=labels,
        indexings=("[..., i]", "[i]"),
    )  # fmt: skip
    yield from _with_read(made)
