"""Which source a word or a path on the command line means, told by what is there."""

from __future__ import annotations

from pathlib import Path

from core.errors import InputError

GENERATED = ("shapes", "cifar10")
"""Sources that are named by a word instead of a path."""

ARCHIVE_ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")

ACCEPTED = (
    "shapes, cifar10, a folder of images, an archive of one (.zip, .tar, .tar.gz, .tar.bz2, .tar.xz), "
    "cifar-10-python.tar.gz or cifar-10-batches-py, or tiny-imagenet-200"
)


def recognise(spec: str) -> str:
    """The name of the source that `spec` means: "shapes", "cifar10", "image_folder", "tiny_imagenet" or "archive".

    Raises:
        InputError: `spec` is neither a source's name nor a path to something that one reads.
    """
    if spec in GENERATED:
        return spec
    path = as_path(spec)
    if path.is_dir():
        return recognise_folder(path)
    if path.is_file():
        return _recognise_file(path)
    if path.exists():
        raise InputError(f"{spec} is neither a file nor a folder; accepted are {ACCEPTED}")
    raise InputError(f"there is no {spec!r} here; accepted are {ACCEPTED}")


def as_path(spec: str) -> Path:
    """The path that `spec` means. Raises InputError where no file system could have it."""
    if not spec or "\0" in spec:
        raise InputError(f"{spec!r} is not a path; accepted are {ACCEPTED}")
    try:
        path = Path(spec).expanduser().absolute()
        path.exists()
    except (OSError, RuntimeError) as error:
        raise InputError(f"{spec[:200]!r} is not a path that can be read ({error}); accepted are {ACCEPTED}") from None
    return path


def recognise_folder(path: Path) -> str:
    """The source that reads the folder at `path`, by the files that mark a known layout."""
    if (path / "batches.meta").is_file() or (path / "data_batch_1").is_file():
        return "cifar10"
    if (path / "val" / "val_annotations.txt").is_file() and (path / "train").is_dir():
        return "tiny_imagenet"
    return "image_folder"


def _recognise_file(path: Path) -> str:
    if path.name.lower().endswith(ARCHIVE_ENDINGS):
        return "archive"
    raise InputError(f"{path} is a file that is not an archive of images; accepted are {ACCEPTED}")
