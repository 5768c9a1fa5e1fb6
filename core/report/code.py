"""What to type: the lines of a training script that use a store, and the commands that build and measure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..base.errors import FormatMattersError
from ..base.files import stamp
from ..base.home import REPOSITORY, Home
from ..base.package import COMMAND, ROOT
from ..loading.loaders import DEFAULT_LOADER
from ..snippets import Snippet, code_for
from ..stores.manifest import MANIFEST
from .evidence import Evidence, LoadingConfiguration, StoreFacts

SNIPPET = """\
from {package} import open_store

store = open_store({path!r}, split={split!r})
loader = store.loader({arguments})

for epoch in range(3):
    for images, labels in loader:  # {images}
        ...  # your training step
"""


def snippet(store: StoreFacts, evidence: Evidence, configuration: LoadingConfiguration | None) -> str:
    """The lines that load this store as it was measured; they run as they are, from the project's folder."""
    given: dict[str, Any] = {"batch_size": 256, "shuffle": True, "seed": 0}
    if configuration is not None:
        given |= {
            "batch_size": configuration.batch_size,
            "workers": _workers(configuration.workers),
            "device": configuration.device,
        }
        given |= {"transform": configuration.transform} if configuration.transform != "none" else {}
        given |= {"output": configuration.output} if configuration.output != "float32" else {}
        given |= {"loader": configuration.loader} if configuration.loader != DEFAULT_LOADER else {}
    split = configuration.split if configuration is not None else next(iter(evidence.images.splits))
    output = str(given.get("output", "float32"))
    kind = output if output == "uint8" else f"{output}, normalised"
    return SNIPPET.format(
        path=_shown(store.path, evidence),
        split=split,
        arguments=", ".join(f"{name}={value!r}" for name, value in given.items()),
        package=ROOT,
        images=f"{kind}, (batch, 3, height, width); labels: int64",
    )


def programs(store: str) -> dict[str, Snippet]:
    """The programs that read this store without this package, by name; none of a store that is gone or damaged."""
    return _programs(store, stamp(Path(store) / MANIFEST))


@lru_cache(maxsize=8)  # a page composes its report again with every answer
def _programs(store: str, stamp: tuple[int, int]) -> dict[str, Snippet]:
    """`stamp`: of the manifest."""
    try:
        return {one.name: one for one in code_for(store)} if any(stamp) else {}
    except FormatMattersError:
        return {}


def program_commands(evidence: Evidence, store: str, names: Sequence[str]) -> str:
    """The commands that print these programs, one below the other."""
    path = _shown(evidence.store(store).path, evidence)
    return "\n".join(_command(evidence, ["code", path, "--as", name]) for name in names)


def _workers(asked: str) -> str | int:
    return int(asked) if asked.isdecimal() else asked


def _shown(path: str, evidence: Evidence) -> str:
    """A path as one types it from the project's folder."""
    return str(Path(path).relative_to(REPOSITORY)) if Path(path).is_relative_to(REPOSITORY) else path


def rebuild_command(store: StoreFacts, evidence: Evidence) -> str:
    """The command that builds this store anew."""
    return f"{build_command(evidence, store.format, store.encoding, store.compression, store.options)} --force"


def build_command(evidence: Evidence, form: str, encoding: str, compression: str = "none", options: Any = None) -> str:
    parts = ["build", evidence.images.name, "--format", form, "--encoding", encoding]
    if compression != "none":
        parts += ["--compression", compression]
    for name, value in (options or {}).items():
        parts += ["--option", f"{name}={value}"]
    return _command(evidence, parts)


def loader_command(
    evidence: Evidence, stores: Sequence[StoreFacts], configuration: LoadingConfiguration | None, *, cold: bool = False
) -> str:
    """The command that loads these stores, interleaved, in this configuration."""
    parts = ["experiment", "loader", "--stores", *(f"{evidence.images.name}/{store.name}" for store in stores)]
    if configuration is not None:
        parts += _differing(configuration)
    return _command(evidence, [*parts, "--cache", "cold"] if cold else parts)


def rivals_command(
    evidence: Evidence, store: StoreFacts, rivals: Sequence[str], configuration: LoadingConfiguration | None
) -> str:
    """The command that loads a store with ours and its images with these rivals, interleaved."""
    loaders = ",".join((DEFAULT_LOADER, *rivals))
    parts = ["experiment", "loader", "--stores", f"{evidence.images.name}/{store.name}", "--loaders", loaders]
    own = list(_differing(configuration._replace(loader=DEFAULT_LOADER))) if configuration else []
    return _command(evidence, [*parts, "--rounds", str(FAIR_ROUNDS), *own])


FAIR_ROUNDS = 5
"""Repeats of each loader that a comparison with rivals takes at least."""

LOADER_OPTIONS = {
    "loader": ("--loaders", DEFAULT_LOADER),
    "batch_size": ("--batch-sizes", 256),
    "workers": ("--workers", "auto"),
    "transform": ("--transforms", "none"),
    "device": ("--devices", "cpu"),
    "output": ("--outputs", "float32"),
    "split": ("--split", "train"),
}
"""Field of a configuration -> the option that chooses it, and what it is without."""


def _differing(configuration: LoadingConfiguration) -> Iterable[str]:
    for name, (option, usual) in LOADER_OPTIONS.items():
        if getattr(configuration, name) != usual:
            yield from (option, str(getattr(configuration, name)))


def train_command(evidence: Evidence, stores: Sequence[StoreFacts]) -> str:
    """The command that trains from these stores, interleaved."""
    return _command(evidence, ["train", *_places(evidence, stores)])


def storage_command(evidence: Evidence, stores: Sequence[StoreFacts]) -> str:
    """The command that writes and reads the dataset, one and many, by the methods of these stores."""
    formats = ",".join(dict.fromkeys(store.format for store in stores))
    variants = ",".join(dict.fromkeys(_variant(store) for store in stores))
    parts = ["experiment", "storage", "--dataset", evidence.images.name, "--formats", formats, "--variants", variants]
    return _command(evidence, parts)


def _variant(store: StoreFacts) -> str:
    return store.encoding if store.compression == "none" else f"{store.encoding}-{store.compression}"


def _places(evidence: Evidence, stores: Sequence[StoreFacts]) -> list[str]:
    return [_shown(store.path, evidence) for store in stores]


def _command(evidence: Evidence, parts: Sequence[str]) -> str:
    home = ["--home", evidence.home] if evidence.home and Path(evidence.home) != Home.find().root else []
    return f"{COMMAND} {shlex.join([*parts, *home])}"
