"""The verb `datasets`: which there are, and what may be wrong with one."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from typing import Any

from ..base.errors import InputError
from ..base.events import Event, Result
from ..base.home import Home
from ..base.printable import printable
from .verb import Lines, Verb

SHOWN = 3
"""Examples of a finding that a reader is shown."""


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--check", metavar="NAME", help="look for duplicates, odd classes, sizes and files in a dataset"
    )
    parser.add_argument(
        "--near", action="store_true", help="decode all images: near duplicates, pictures of one colour"
    )
    parser.add_argument("--distance", type=int, metavar="BITS", help="how far near duplicates are apart: 0 to 16 of 64")


def _answer(given: Namespace) -> Iterator[Event]:
    from ..datasets.dataset import list_datasets
    from ..datasets.quality.task import DISTANCE, DatasetCheck

    if given.check is not None:
        distance = DISTANCE if given.distance is None else given.distance
        near = given.near or given.distance is not None
        for event in DatasetCheck(given.check, near, distance, home=given.home).run():
            yield event if given.json or not isinstance(event, Result) else _readable(event.data)
        return
    if given.near or given.distance is not None:
        raise InputError("--near and --distance need --check NAME")
    found = list_datasets(Home.find(given.home))
    rows = [{"name": d.name, "splits": d.splits, "classes": len(d.classes), "bytes": d.bytes} for d in found]
    yield Result({"datasets": rows})


def _readable(told: Mapping[str, Any]) -> Result:
    """The findings in sentences, with the first examples of each."""
    shown = {name: told[name] for name in ("dataset", "images", "seconds")}
    if not told["findings"]:
        return Result({**shown, "findings": "none"})
    return Result({**shown, "findings": Lines("\n" + "\n".join(map(_finding, told["findings"])))})


def _finding(finding: Mapping[str, Any]) -> str:
    lines = [f"  {finding['kind']} ({finding['count']:,}): {finding['meaning']}; {finding['remedy']}"]
    lines += [f"    {printable(_example(example))}" for example in finding["examples"][:SHOWN]]
    more = len(finding["examples"]) - SHOWN
    return "\n".join([*lines, *(["    ... (--json has more)"] if more > 0 else [])])


def _example(example: Mapping[str, Any]) -> str:
    paths = ", ".join(image["path"] for image in example["images"])
    return f"{example['text']}: {paths}" if paths else str(example["text"])


DATASETS = Verb("list the imported datasets, or check one", _arguments, _answer, images=True)
