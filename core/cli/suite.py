"""`experiment suite`: the whole neutral suite, or several machines' suites merged."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

from ..base.events import Event, Result
from ..base.home import Home
from .verb import Verb


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _suite_arguments(parser: ArgumentParser) -> None:
    def text(name: str, default: str, metavar: str, about: str) -> None:
        parser.add_argument(f"--{name}", default=default, metavar=metavar, help=about)

    text("images", "", "SOURCE", "a dataset, or anything that can be imported; unless given, images are generated")
    text("small", "", "SOURCE", "the same, for the workloads of small images alone")
    text("rivals", "usual", "A,B,...", "usual: one of each library; all; or names, which the verb `rivals` lists")
    text("workloads", "all", "A,B,...", "all, or some: small-jpeg, small-png, small-raw, photos-jpeg, ...")
    text("out", "", "FOLDER", "where the page and the JSON go; unless given, runs/suites of the home")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="repeats of each loader in a warm workload")
    parser.add_argument("--seconds", type=float, default=2.0, help="of a repeat at least; epochs are whole")
    parser.add_argument(
        "--minutes", type=float, default=60.0, help="what does not fit is reduced: cold workloads, images (0: no limit)"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="at most N images in each workload")
    parser.add_argument("--resume", action="store_true", help="of a finished suite the result; else it goes on anyway")
    parser.add_argument("--merge", nargs="+", metavar="JSON", help="measure nothing: one table of several machines")
    text("reference", "", "LOADER", "with --merge: the loader that ratios are to")


def _suite(given: Namespace) -> Iterator[Event]:
    from ..suite import LoaderSuite

    if given.merge:
        return _merged(given)
    fields = {name: value for name, value in vars(given).items() if name in LoaderSuite.__dataclass_fields__}
    lists = {name: _names(fields[name]) for name in ("rivals", "workloads")}
    return LoaderSuite(**{**fields, **lists, "minutes": given.minutes or None}).run()


def _merged(given: Namespace) -> Iterator[Event]:
    from ..suite.merge import merge_files, merged_suites

    folder = Path(given.out or ".")
    targets = [folder / "suites.html", folder / "suites.json"]
    merged = merged_suites(Home.find(given.home), given.merge, given.reference)
    yield Result(merge_files(merged, targets))


SUITE = Verb("measure every loader that is available here on the neutral suite of workloads", _suite_arguments, _suite)
