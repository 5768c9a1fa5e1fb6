"""`experiment NAME ...`: the experiments, each with arguments of its own."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from typing import Any

from ..base.errors import InputError
from ..base.events import Event
from ..loading.loaders import DEFAULT_LOADER, LOADERS
from ..rivals import RIVALS
from .suite import SUITE
from .verb import Verb, shared_arguments


def _names(text: str) -> list[str]:
    """`a,b,c` as a list."""
    return [name.strip() for name in text.split(",") if name.strip()]


def _numbers(text: str) -> list[int]:
    """`1,10,100` as a list. Raises InputError for what is no whole number."""
    try:
        return [int(name) for name in _names(text)]
    except ValueError:
        raise InputError(f"{text!r} is not a list of whole numbers: write it as 1,10,100") from None


def _storage_arguments(parser: ArgumentParser) -> None:
    from ..formats import FORMATS
    from ..measure.storage.choice import usual_formats

    parser.add_argument("--dataset", required=True, help="an imported dataset")
    parser.add_argument("--cutoffs", default="1,10,100,1000", metavar="N,N,...", help="numbers of images")
    parser.add_argument(
        "--formats", metavar="F,F,...", help=f"{', '.join(FORMATS)}; {', '.join(usual_formats())} unless given"
    )
    parser.add_argument(
        "--variants", metavar="V,V,...", help="ENCODING or ENCODING-COMPRESSION, or tutorial: the tutorials' own code"
    )
    parser.add_argument(
        "--repeats", type=int, metavar="N", help="exactly N repeats instead of as many as the time allows"
    )
    parser.add_argument("--minutes", type=float, default=9.0, help="time limit of the whole experiment")
    parser.add_argument("--batch-size", type=int, default=256, metavar="N", help="images per batch of our own methods")
    parser.add_argument("--size", type=int, metavar="N", help="resize every image to N x N first")
    parser.add_argument("--split", default="train")
    parser.add_argument("--seed", type=int, default=0)


def _storage(given: Namespace) -> Iterator[Event]:
    from ..measure.storage import StorageExperiment

    fields = {name: value for name, value in vars(given).items() if name in StorageExperiment.__dataclass_fields__}
    lists = {name: _names(given_list) for name in ("formats", "variants") if (given_list := fields[name]) is not None}
    return StorageExperiment(**{**fields, **lists, "cutoffs": _numbers(given.cutoffs)}).run()


_LISTS = {"loaders": DEFAULT_LOADER, "workers": "auto", "transforms": "none", "devices": "cpu", "outputs": "float32"}
"""What a loader experiment combines beside batch sizes, with what each is unless given."""


def _choices() -> dict[str, str]:
    """What there is to choose from, by the name of the list."""
    return {
        "loaders": f"{', '.join(LOADERS)}; rivals: {', '.join(name for name in RIVALS if name not in LOADERS)}",
        "workers": "auto, measure, 0, N, threads:N or processes:N",
        "transforms": "none, train224, eval224",
        "devices": "cpu, cuda, mps",
        "outputs": "float32, float16, bfloat16 (normalised), uint8",
    }


def _loader_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--stores", nargs="+", required=True, metavar="STORE", help="folders, or DATASET/FORMAT/VARIANT"
    )
    parser.add_argument("--batch-sizes", default="256", metavar="N,N,...", help="images per batch")
    for name, choices in _choices().items():
        parser.add_argument(f"--{name}", default=_LISTS[name], metavar="A,B,...", help=choices)
    parser.add_argument("--split", default="train")
    parser.add_argument("--seconds", type=float, default=3.0, help="seconds per repeat")
    parser.add_argument(
        "--rounds", type=int, metavar="N", help="each measures every configuration once; 3, with rivals 5, unless given"
    )
    parser.add_argument("--cache", default="warm", help="warm or cold")
    parser.add_argument("--order", default="shuffled", help="shuffled, blocks or shards, see `load`")
    parser.add_argument("--step", default="sleep", help="a training step after each batch: sleep, busy, model")
    parser.add_argument("--step-ms", type=float, default=0.0, metavar="MS", help="of sleep or busy; 0: no step")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--patience", type=float, default=300.0, metavar="S", help="of a rival, seconds for one answer")
    parser.add_argument("--memory-gb", type=float, default=16.0, metavar="GB", help="that a rival may take at most")


def _loader(given: Namespace) -> Iterator[Event]:
    from ..measure.loaders import LoaderExperiment

    fields = {name: value for name, value in vars(given).items() if name in LoaderExperiment.__dataclass_fields__}
    lists: dict[str, Any] = {name: _names(fields[name]) for name in _LISTS}
    return LoaderExperiment(**{**fields, **lists, "batch_sizes": _numbers(given.batch_sizes)}).run()


EXPERIMENTS: Mapping[str, Verb] = {
    "suite": SUITE,
    "loader": Verb("load stores in every combination of options", _loader_arguments, _loader),
    "storage": Verb(
        "write and read images, one by one and in batches, with every storage method", _storage_arguments, _storage
    ),
}


def _arguments(parser: ArgumentParser) -> None:
    names = parser.add_subparsers(dest="experiment", metavar="NAME", required=True, parser_class=type(parser))
    for name, verb in EXPERIMENTS.items():
        shared = [shared_arguments(type(parser))]
        verb.arguments(names.add_parser(name, help=verb.help, description=verb.help, parents=shared))


def _answer(given: Namespace) -> Iterator[Event]:
    return EXPERIMENTS[given.experiment].answer(given)


EXPERIMENT = Verb(f"run an experiment and keep its measurements: {', '.join(EXPERIMENTS)}", _arguments, _answer)
