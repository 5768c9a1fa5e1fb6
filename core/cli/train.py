"""`train`: the same small training from several stores, or how its speed scales."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import Any

from ..base.errors import InputError
from ..base.events import Event, Result
from ..loading.loaders import DEFAULT_LOADER, LOADERS
from .verb import Verb

READABLE = ("store", "order", "epoch", "loss", "accuracy", "val_loss", "val_accuracy", "samples_per_s", "wait_share",
            "first_batch_s", "shuffle_quality", "order_text")  # fmt: skip
"""The columns of an epoch that a reader is shown; --json has them all, and the losses of every step."""

SCALED = ("store", "device", "batch_size", "workers", "round", "samples_per_s", "wait_share", "first_batch_s")


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("stores", nargs="+", metavar="STORE", help="the folders of stores of one dataset")
    parser.add_argument("--model", default="small", help="small or resnet18")
    parser.add_argument("--epochs", type=int, default=3, metavar="N")
    parser.add_argument("--batch-size", default="64", metavar="N", help="with --scaling several: 32,64,128")
    parser.add_argument("--lr", type=float, default=0.001, help="learning rate of SGD")
    parser.add_argument("--momentum", type=float, default=0.9)
    parser.add_argument("--weight-decay", type=float, default=1e-4)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--order", default="shuffled", help="shuffled, blocks or class-sorted; several to compare them")
    parser.add_argument("--device", default="cpu", help="cpu, cuda, mps; with --scaling several: cpu,cuda")
    parser.add_argument("--workers", default="auto", help="as for `load`; with --scaling several: 0,1,2")
    parser.add_argument("--loader", default=DEFAULT_LOADER, help=", ".join(LOADERS))
    parser.add_argument("--transform", default="none", help="none, train224, eval224")
    parser.add_argument("--limit", type=int, metavar="N", help="at most N training samples an epoch")
    parser.add_argument("--val-limit", type=int, metavar="N", help="at most N samples to validate on")
    parser.add_argument("--threads", type=int, metavar="N", help="PyTorch's threads on the CPU")
    parser.add_argument("--scaling", action="store_true", help="measure batch sizes x workers x devices instead")
    parser.add_argument("--seconds", type=float, default=3.0, help="with --scaling: of each combination")
    parser.add_argument("--rounds", type=int, default=1, help="with --scaling: measurements of each combination")


def _answer(given: Namespace) -> Iterator[Event]:
    columns = SCALED if given.scaling else READABLE
    for event in _scaling(given) if given.scaling else _training(given):
        yield event if given.json or not isinstance(event, Result) else _readable(event, columns)


def _training(given: Namespace) -> Iterator[Event]:
    from ..training.task import Train

    fields = {
        "orders": given.order.split(","),
        "epochs": given.epochs,
        "batch_size": _whole_number(given.batch_size),
        "workers": given.workers,
        "device": given.device,
    }
    return Train(given.stores, **fields, **_shared(given)).run()


def _scaling(given: Namespace) -> Iterator[Event]:
    from ..training.scaling import Scaling

    fields = {
        "batch_sizes": [_whole_number(size) for size in given.batch_size.split(",")],
        "worker_counts": given.workers.split(","),
        "devices": given.device.split(","),
        "seconds": given.seconds,
        "rounds": given.rounds,
    }
    return Scaling(given.stores, **fields, **_shared(given)).run()


def _shared(given: Namespace) -> dict[str, Any]:
    names = ("model", "lr", "momentum", "weight_decay", "seed", "loader", "transform", "limit", "val_limit", "threads",
             "home")  # fmt: skip
    return {name: getattr(given, name) for name in names}


def _whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InputError(f"--batch-size {text}: a whole number; a list of them goes with --scaling only") from None


def _readable(result: Result, columns: tuple[str, ...]) -> Result:
    """A table for a reader."""
    data = dict(result.data)
    name = "turns" if "turns" in data else "epochs"
    rows = [{column: row[column] for column in columns} for row in data[name]]
    told = {"file": data["file"], name: rows}
    return Result({**told, "verdict": data["verdict"]} if "verdict" in data else told)


TRAIN = Verb("train the same model from several stores, and compare losses and waiting", _arguments, _answer)
