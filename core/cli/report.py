"""`report`: everything that was measured on a dataset, which store to use, and what was not measured."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..base.errors import InputError
from ..base.events import Event, Result
from ..base.home import Home
from .verb import Lines, Verb


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--dataset", help="an imported dataset (default: the only one)")
    parser.add_argument(
        "--answers",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="scarce=nothing|time|disk|memory access=shuffled|single|in-order machines=one|copies|shared "
        "readers=training|programs|viewers|people loss=no|yes",
    )
    parser.add_argument("--size", type=int, metavar="N", help="expected number of images (1,200,000)")
    parser.add_argument(
        "--memory-gb", type=float, metavar="GB", help="memory of the machine that reads them (default: this one's)"
    )
    parser.add_argument("--to", metavar="FILE", help="write the report as .html (self-contained), .md or .json")
    parser.add_argument(
        "--slides", metavar="FILE", help="write the results as slides that run by themselves, one .html file"
    )


def _answer(given: Namespace) -> Iterator[Event]:
    from ..report.compose import compose
    from ..report.export import write, write_html
    from ..report.gather import gather
    from ..report.questions import Answers

    answers = Answers.of(_pairs(given.answers), given.size, given.memory_gb)
    home = Home.find(given.home)
    report = compose(gather(home, given.dataset or _only_dataset(home)), answers)
    files = [str(path) for path in write(report, Path(given.to))] if given.to else []
    if given.slides:
        from ..report.presentation.present import slides_of_report

        files.append(str(write_html(Path(given.slides), lambda: slides_of_report(home, report), "slides")))
    yield Result({**report.data, "files": files} if given.json else _readable(report.data, files))


def _pairs(given: list[str]) -> dict[str, str]:
    """Raises InputError for an answer without '='."""
    wrong = next((text for text in given if "=" not in text), None)
    if wrong is not None:
        raise InputError(f"--answers {wrong}: write it as QUESTION=ANSWER, scarce=disk say")
    return {name.strip(): value.strip() for name, _, value in (text.partition("=") for text in given)}


def _only_dataset(home: Home) -> str:
    """Raises InputError where it is not clear which one is meant."""
    from ..datasets.dataset import list_datasets

    names = [dataset.name for dataset in list_datasets(home)]
    if len(names) != 1:
        there = f"there are: {', '.join(names)}" if names else "there is none yet; import one first"
        raise InputError(f"which dataset? Name it with --dataset; {there}")
    return names[0]


def _readable(data: Mapping[str, Any], files: list[str]) -> dict[str, Any]:
    """For a reader on a terminal: the answer, its reasons, what it costs and what is missing."""
    told = data["recommendation"]
    shown: dict[str, Any] = {"recommendation": told["headline"]}
    if told["busy"]:
        shown["warning"] = told["busy"]
    for number, reason in enumerate([*told["reasons"], *told["price"]], 1):
        shown[f"reason {number}"] = reason["text"]
    shown["predicted"] = [_prediction(one) for one in data["predictions"]]
    for number, missing in enumerate(told["missing"], 1):
        shown[f"not measured {number}"] = f"{missing['what']}; {missing['command']}".rstrip("; ")
    for name, text in told["code"].items():
        shown[name] = Lines(f"\n{text.rstrip()}" if "\n" in text else text)
    return {**shown, "files": files} if files else shown


def _prediction(one: Mapping[str, Any]) -> dict[str, Any]:
    from ..base.units import seconds_text, size_text

    epoch = one["epoch_s"]
    return {
        "images": one["images"],
        "store": one["store"],
        "on disk": size_text(one["bytes"]["middle"]),
        "files": one["files"],
        "build time": seconds_text(one["build_s"]["middle"]),
        "one epoch": seconds_text(epoch["middle"]) if epoch else "not measured",
        "fits in memory": one["fits"],
    }


REPORT = Verb("report what was measured, which store to use, and what it would cost", _arguments, _answer)
