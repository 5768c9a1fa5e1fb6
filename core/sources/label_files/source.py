"""A label file as the thing that is imported: the images are looked for around it, or in the folder `root`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from ...base.errors import InputError
from ...base.events import Event, Message
from ...base.names import readable
from ...base.options import option
from ...base.typed_paths import typed_path
from ...base.units import counted
from ..draw_options import fraction_option, seed_option
from ..listed import ListedFiles
from ..request import Patience, PatienceError, Request
from ..tree import image_paths, scan
from .catalogue import ImageCatalogue
from .joining import ReadyTable
from .opening import open_table
from .profile import profile
from .reading import LabelListing, LabelOptions, understand
from .table import LOOKED_AT_ROWS, LabelTable

AROUND_SECONDS, AROUND_IMAGES = 10.0, 300_000
"""Seconds and images within which the folder above the label file's is looked through."""


@dataclass
class LabelFile(ListedFiles):
    """The images that the rows of a label file name."""

    image: str = option(
        "",
        "the column that names the image files; empty: the one whose cells are names of images",
        title="Image column",
    )
    label: str = option(
        "", "the column of classes, several with commas between, or none; empty: found out", title="Label column"
    )
    split: str = option("", "the column that says train, val or test, or none; empty: found out", title="Split column")
    root: str = option(
        "", "the folder that the images lie below; empty: the label file's own, or the one above", title="Image folder"
    )
    val_fraction: float = fraction_option(0.0, "where no split is stated")
    seed: int = seed_option()

    _unread: bool = field(default=False, init=False, repr=False)

    def prepare(self) -> Iterator[Event]:
        assert self.request is not None, "made by core.sources.open_source"
        with ExitStack() as opened:
            table = opened.enter_context(closing(open_table(self.request.place)))
            catalogue, ready = self._joinable(table, self.request)
            opened.callback(catalogue.close)
            request, listing = self.begin(self.seed, catalogue.root)
            rows = LabelListing(catalogue, [ready], only_look=request.patience is not None)
            rows.list_into(listing)
            told = self.recognition
            told.recognised = "a label file"
            told.why = f"its column {ready.choice.image} names images below {readable(catalogue.root)}"
            rows.tell(told, self._left_out)
            if self._unread:  # what its rows name may lie in folders that there was no time for
                self._left_out.clear()
            if not rows.joined and not self._unread:
                first = self._left_out[0]
                raise InputError(
                    f"no row of {request.shown} could be joined with an image: {first.path}: {first.reason}"
                )
        self.make_splits(self.val_fraction, self.seed)
        listing.finish(request.limit)
        yield from (Message(note, "warning") for note in told.notes)

    def _joinable(self, table: LabelTable, request: Request) -> tuple[ImageCatalogue, ReadyTable]:
        """The images of the first folder among those that come into question of which rows name some."""
        found = profile(table, None if request.patience is None else LOOKED_AT_ROWS)
        if not found.rows:
            raise InputError(f"{request.shown} has no rows; a label file names an image in each")
        options = LabelOptions(self.image, self.label, self.split)
        looked: list[str] = []
        for root, patience in self._roots(request):
            tree = scan(root, patience)
            around = patience if patience is not request.patience else None
            if around is not None and (tree.unread or tree.root.below > around.images):
                looked.append(f"{readable(root)} (it has too much to look through)")
                continue
            self.look(tree, whole=True)
            looked.append(f"{readable(root)} ({counted(tree.root.below, 'image')})")
            catalogue = ImageCatalogue(request.scratch, root, image_paths(tree.root))
            ready = understand(table, found, catalogue, options)
            if ready is not None:
                self._left_out += tree.skipped
                self._unread = bool(tree.unread)
                return catalogue, ready
            catalogue.close()
            if tree.unread:
                raise PatienceError("reading the folders of its images takes long")
        raise InputError(
            f"none of the {counted(found.rows, 'row')} of {request.shown} names an image in {' or '.join(looked)}; "
            "--option root=FOLDER says where the images are, --option image=COLUMN where their names are"
        )

    def _roots(self, request: Request) -> Iterator[tuple[Path, Patience | None]]:
        folder = request.place.parent
        if self.root:
            beside = folder / self.root
            root = beside if beside.is_dir() else typed_path(self.root)
            if not root.is_dir():
                raise InputError(f"root={self.root} is not a folder, neither beside {request.shown} nor from here")
            yield root, request.patience
            return
        yield folder, request.patience
        if folder.parent != folder:
            yield folder.parent, Patience.of(AROUND_SECONDS, AROUND_IMAGES)
