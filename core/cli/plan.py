"""`plan`: what building and loading will take at any size, before anybody pays."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from typing import Any

from ..base.errors import InputError
from ..base.events import Event, Result
from .options import option_argument, options_of
from .verb import Lines, Verb


def _arguments(parser: ArgumentParser) -> None:
    from ..compressions import COMPRESSIONS
    from ..encodings import ENCODINGS
    from ..formats import FORMATS
    from ..scale.assumptions import HERE, STORAGES, UNITS

    add = parser.add_argument
    add("dataset", nargs="?", default="", help="an imported dataset; else give the sizes of its images")
    add("--images", action="append", default=[], metavar="N[,N]", help="how many images, 1e6,1e8,1e9 say")
    add("--image-bytes", type=int, default=0, metavar="B", help="bytes of an image file, without a dataset")
    add("--height", type=int, default=0, metavar="PIXELS")
    add("--width", type=int, default=0, metavar="PIXELS")
    add("--format", default="webdataset", help=", ".join(FORMATS))
    add("--encoding", default="original", help=", ".join(ENCODINGS))
    add("--compression", default="none", help=", ".join(COMPRESSIONS))
    add("--nodes", type=int, default=1, metavar="N")
    add("--cpus-per-node", type=int, dest="cpus", metavar="C", help="default: as many as here")
    add("--storage", default=HERE, help="; ".join(f"{name}: {kind.title}" for name, kind in STORAGES.items()))
    add(
        "--assume",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=f"instead of an assumption: {', '.join(UNITS)}",
    )
    add("--shards", type=int, default=0, metavar="N", help="parts of the store")
    add("--shard-mb", type=float, default=0.0, metavar="MB", help="or MB of each")
    add("--epochs", type=int, default=1, metavar="N")
    add("--gpu-images-s", type=float, metavar="R", help="images per second that the GPUs take together")
    add("--batch-size", type=int, default=256, metavar="N")
    add("--transform", default="auto", help="none, train224, eval224; auto: train224 where images differ in size")
    add("--output", default="float32", help="float32, float16, bfloat16, uint8")
    add("--measure", action="store_true", dest="again", help="measure again what was measured before (about 25 s)")
    option_argument(parser)


def _answer(given: Namespace) -> Iterator[Event]:
    from ..scale.task import ScalePlan

    told = {name: value for name, value in vars(given).items() if name in ScalePlan.__dataclass_fields__}
    told["images"] = [count for text in given.images for count in _counts(text)]
    told["assume"] = _pairs(given.assume)
    told["options"] = options_of(given.option)
    for event in ScalePlan(**told).run():
        yield event if given.json or not isinstance(event, Result) else Result(readable(event.data))


def _counts(text: str) -> list[int]:
    """ "1e6,1e8" as whole numbers. Raises InputError."""
    counts = []
    for part in text.split(","):
        try:
            counts.append(int(float(part)))
        except (ValueError, OverflowError):
            raise InputError(f"--images {text}: write whole numbers, 1000000 or 1e6,1e8 say") from None
    return counts


def _pairs(given: list[str]) -> dict[str, str]:
    wrong = next((text for text in given if "=" not in text), None)
    if wrong is not None:
        raise InputError(f"--assume {wrong}: write it as NAME=VALUE, read_mb_s=500 say")
    return {name.strip(): value.strip() for name, _, value in (text.partition("=") for text in given)}


def readable(data: Mapping[str, Any]) -> dict[str, Any]:
    """For a reader on a terminal: a row a size, what binds in sentences, and the assumptions."""
    from ..scale.told import assumption_row, binding_texts, cost_row, scale_row

    told: dict[str, Any] = {
        "on": f"{data['nodes']:,} x {data['cpus_per_node']:,} CPUs, storage {data['storage']}",
        "rates": data["measured"],
        "loading": data["loading"],
    }
    told |= {f"note {number}": note for number, note in enumerate(data["notes"], 1)}
    told["plan"] = [scale_row(scale) for scale in data["scales"]]
    told["cost"] = [cost_row(scale) for scale in data["scales"]]
    texts = [text for scale in data["scales"] for text in binding_texts(scale)]
    told["what binds"] = Lines("\n" + "\n".join(texts))
    told["assumptions"] = [assumption_row(row) for row in data["assumptions"]]
    return told


PLAN = Verb(
    "say what building and loading will take at any size, and cost, before it is done", _arguments, _answer, images=True
)
