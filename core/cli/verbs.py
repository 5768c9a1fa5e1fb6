"""The verbs: what each takes, and which task or question answers it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from typing import Any

from ..base.events import Event, Result
from ..base.home import Home
from ..loading.loaders import DEFAULT_LOADER, LOADERS
from .code import CODE
from .completion import COMPLETION
from .datasets import DATASETS
from .experiment import EXPERIMENT
from .formats import readable_formats
from .importing import IMPORT
from .options import option_argument, options_of
from .plan import PLAN
from .report import REPORT
from .rivals import RIVALS_VERB
from .runs import RUNS
from .settings import SETTINGS_VERB
from .share import SHARE
from .show import SHOW
from .train import TRAIN
from .verb import Verb
from .view import VIEW


def _nothing(parser: ArgumentParser) -> None:
    """No arguments of its own."""


# ---------------------------------------------------------------- stores


def _formats(given: Namespace) -> Iterator[Event]:
    from ..compressions import COMPRESSIONS
    from ..encodings import ENCODINGS
    from ..formats import FORMATS

    parts: Mapping[str, Any] = {"formats": FORMATS, "encodings": ENCODINGS, "compressions": COMPRESSIONS}
    told = {name: table.describe() for name, table in parts.items()}
    yield Result(told if given.json else readable_formats(told))


def _build_arguments(parser: ArgumentParser) -> None:
    from ..compressions import COMPRESSIONS
    from ..encodings import ENCODINGS
    from ..formats import FORMATS

    parser.add_argument("dataset")
    parser.add_argument("--format", required=True, help=", ".join(FORMATS))
    parser.add_argument("--encoding", default="original", help=", ".join(ENCODINGS))
    parser.add_argument("--compression", default="none", help=", ".join(COMPRESSIONS))
    parser.add_argument("--workers", type=int, metavar="N", help="processes that encode (0: none beside this one)")
    parser.add_argument("--force", action="store_true", help="build again what is built already")
    parser.add_argument(
        "--engine", default="local", help="who builds the shards of a store that has several: local, or ray (a cluster)"
    )
    parser.add_argument("--address", metavar="A", help="of the Ray cluster; without it one is started on this machine")
    parser.add_argument("--resume", action="store_true", help="go on with the shards that a killed build has left")
    parser.add_argument("--out", metavar="PLACE", help="make the store in this folder or at this address (s3://...)")
    option_argument(parser)


def _build(given: Namespace) -> Iterator[Event]:
    from ..building import Build
    from ..loading import compile_ahead

    compile_ahead()
    return Build(
        given.dataset,
        given.format,
        given.encoding,
        given.compression,
        options_of(given.option),
        given.workers,
        given.force,
        given.home,
        given.engine,
        given.address,
        given.resume,
        given.out,
    ).run()


def _convert_arguments(parser: ArgumentParser) -> None:
    from ..compressions import COMPRESSIONS
    from ..encodings import ENCODINGS
    from ..formats import FORMATS

    parser.add_argument(
        "source", help="whatever can be imported: a file or folder that `inspect` opens, images, a list"
    )
    parser.add_argument("--to", required=True, metavar="FORMAT", help=", ".join(FORMATS))
    parser.add_argument("--encoding", help=f"{', '.join(ENCODINGS)}; original, or png where pixels lie bare")
    parser.add_argument("--compression", default="none", help=", ".join(COMPRESSIONS))
    parser.add_argument("--out", metavar="FOLDER", help="make the store there; else in the home, with its dataset")
    parser.add_argument("--name", default="", help="the dataset's name; the source's where it is left out")
    parser.add_argument("--workers", type=int, metavar="N", help="processes that encode (0: none beside this one)")
    parser.add_argument("--force", action="store_true", help="build again what is built already")
    option_argument(parser)


def _convert(given: Namespace) -> Iterator[Event]:
    from ..importing.convert import Convert

    options = options_of(given.option)
    parts = given.to, given.encoding, given.compression, options
    return Convert(given.source, *parts, given.out, given.name, given.workers, given.force, given.home).run()


def _stores(given: Namespace) -> Iterator[Event]:
    from ..stores.store import list_damaged_stores, list_stores

    home = Home.find(given.home)
    rows = [
        {
            "store": str(info.path),
            "dataset": info.manifest.dataset,
            "samples": sum(told["samples"] for told in info.manifest.splits.values()),
            "allocated_bytes": sum(told["allocated_bytes"] for told in info.manifest.splits.values()),
        }
        for info in list_stores(home)
    ]
    damaged = [{"store": str(path), "reason": reason} for path, reason in list_damaged_stores(home)]
    yield Result({"stores": rows, "damaged": damaged})


def _store_argument(parser: ArgumentParser) -> None:
    parser.add_argument("store", help="a store's folder")


def _verify(given: Namespace) -> Iterator[Event]:
    from ..building import Verify

    return Verify(given.store, given.home).run()


def _load_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("store", help="a store's folder or address, or any file or folder that `inspect` opens")
    parser.add_argument("--split", help="of a store train where it is left out, of a file all that is in it")
    parser.add_argument("--schema", help="read a file in this way and no other; the names are those of `inspect`")
    parser.add_argument("--batch-size", type=int, default=256, metavar="N")
    parser.add_argument(
        "--workers", default="auto", help="auto (measured once, kept), measure (again), 0, N, threads:N"
    )
    parser.add_argument("--device", default="cpu", help="cpu, cuda, mps")
    parser.add_argument("--output", default="float32", help="float32, float16 or bfloat16 (normalised, NCHW), or uint8")
    parser.add_argument("--transform", default="none", help="none, train224, eval224")
    parser.add_argument("--loader", default=DEFAULT_LOADER, help=", ".join(LOADERS))
    parser.add_argument("--verify", default="sampled", help="compare with checksums: sampled, always or never")
    parser.add_argument(
        "--order",
        default="shuffled",
        help="shuffled; blocks: within windows that fit in memory; shards: shard by shard",
    )
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--cache", default="warm", help="warm or cold")
    parser.add_argument("--cache-folder", metavar="DIR", help="of a store at an address: what keeps what was fetched")
    parser.add_argument("--cache-mb", type=int, metavar="MB", help="of this at most (default: 10,000)")
    parser.add_argument("--seed", type=int, default=0)


def _load(given: Namespace) -> Iterator[Event]:
    from ..loading.task import Load

    fields = {name: value for name, value in vars(given).items() if name in Load.__dataclass_fields__}
    return Load(**fields).run()


# ---------------------------------------------------------------- any file


def _inspect_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "file",
        help="a file of any kind, a store, or shards (their folder, or a pattern in quotes), here or at an address",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--index", type=int, metavar="N", help="show record N (negative: from the end)")
    which.add_argument("--key", metavar="K", help="show the record with this key")
    parser.add_argument("--schema", metavar="S", help="read it as this schema instead of the recognised one")
    parser.add_argument("--image", metavar="OUT.png", help="write the record's pixels there")
    parser.add_argument(
        "--range",
        metavar="R",
        help="the values that are black and white: dataset (its own, the default), as-is (its type's) or LOW:HIGH",
    )
    parser.add_argument("--bands", metavar="R,G,B", help="the bands drawn as red, green and blue, or one; from 1")


def _inspect(given: Namespace) -> Iterator[Event]:
    from ..inspect.task import Inspect

    shown = given.file, given.index, given.key, given.schema, given.image, given.range, given.bands
    return Inspect(*shown, given.home).run()


def _scan_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file")
    parser.add_argument("--schema", metavar="S")


def _scan(given: Namespace) -> Iterator[Event]:
    from ..inspect.task import Scan

    return Scan(given.file, given.schema, home=given.home).run()


VERBS: Mapping[str, Verb] = {
    "datasets": DATASETS,
    "import": IMPORT,
    "formats": Verb("list formats, encodings and compressions with their options", _nothing, _formats),
    "build": Verb("build a store of a dataset", _build_arguments, _build, images=True),
    "convert": Verb(
        "import a source by reference and build a store of it, in one go", _convert_arguments, _convert, images=True
    ),
    "stores": Verb("list the built stores", _nothing, _stores),
    "verify": Verb("re-read a store and compare every sample with its source", _store_argument, _verify, images=True),
    "load": Verb("measure how fast a store loads", _load_arguments, _load),
    "experiment": EXPERIMENT,
    "rivals": RIVALS_VERB,
    "runs": RUNS,
    "train": TRAIN,
    "report": REPORT,
    "plan": PLAN,
    "inspect": Verb("say what a file is and show one of its samples", _inspect_arguments, _inspect),
    "code": CODE,
    "show": SHOW,
    "view": VIEW,
    "share": SHARE,
    "scan": Verb("decode every entry of a file and list the bad ones", _scan_arguments, _scan, images=True),
    "settings": SETTINGS_VERB,
    "completion": COMPLETION,
}
