"""The verb `import`: a new dataset, what would come of one, and what is done to one that refers to its images."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from ..base.errors import InputError
from ..base.events import Event, Result
from ..base.home import Home
from .options import option_argument, options_of
from .verb import Verb


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "source",
        nargs="?",
        help="a dataset's name (shapes, cifar10, mnist, ...), or the path or address of a folder or archive",
    )
    parser.add_argument("--name", default="", help="the dataset's name")
    parser.add_argument("--limit", type=int, metavar="N", help="at most N images")
    parser.add_argument("--reference", action="store_true", help="copy nothing: the dataset refers to where images lie")
    parser.add_argument(
        "--check",
        default="full",
        metavar="HOW",
        help="full (decode every image) or, by reference, header (its size alone)",
    )
    parser.add_argument(
        "--copy", default="auto", metavar="WAY", help="auto (shared blocks where possible), reflink, hardlink or copy"
    )
    parser.add_argument("--engine", default="local", help="who reads and checks the images: local, or ray (a cluster)")
    parser.add_argument("--address", metavar="A", help="of the Ray cluster; without it one is started on this machine")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--dry-run", action="store_true", help="import nothing: say what would come of it, and what can be chosen"
    )
    instead.add_argument(
        "--relink", metavar="FOLDER", help="where (a folder or address) the images of a dataset by reference lie now"
    )
    instead.add_argument("--recheck", action="store_true", help="decode all images of a dataset by reference")
    option_argument(parser)


def _import(given: Namespace) -> Iterator[Event]:
    options = options_of(given.option)
    if given.relink is not None or given.recheck:
        return _again(given)
    if given.source is None:
        raise InputError("say what to import: a dataset's name (shapes, cifar10, ...) or a path")
    if given.dry_run:
        from ..importing.preview_process import DryRun

        return DryRun(given.source, given.name, given.limit, options, given.home, given.reference).run()
    from ..importing.task import Import
    from ..loading import compile_ahead

    if not given.name:
        raise InputError(_NO_NAME)
    compile_ahead()  # who imports will load
    told = {"reference": given.reference, "copy": given.copy, "check": given.check}
    where = {"engine": given.engine, "address": given.address}
    return Import(given.source, given.name, given.limit, options, given.home, **told, **where).run()


_NO_NAME = "say what the dataset is to be called: --name NAME"


def _again(given: Namespace) -> Iterator[Event]:
    """What is done to a dataset that is there."""
    if given.source is not None:
        raise InputError("--relink and --recheck are for a dataset that is there: give its --name and no source")
    if not given.name:
        raise InputError("say which dataset: --name NAME")
    if given.recheck:
        from ..importing.recheck import Recheck

        return Recheck(given.name, given.home).run()
    from ..datasets.relink import relink

    return iter([Result(relink(Home.find(given.home), given.name, given.relink))])


IMPORT = Verb("import a dataset", _arguments, _import, images=True)
