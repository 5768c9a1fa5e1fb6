"""Where images come from: one file a source, one line in the table below.

A source is a dataclass whose options are fields made with `core.base.options.option` and that has a field `request`
(`core.sources.request.Request`), put in by `open_source`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ..base.registry import Registry
from ..base.source_contracts import Source
from .recognise import recognise
from .registration import SourceRegistration
from .request import Request

__all__ = ["SOURCES", "Request", "open_source", "recognise"]

SOURCES: Registry[Source, SourceRegistration] = Registry(
    "source",
    {
        "shapes": SourceRegistration(
            ".sources.shapes:Shapes",
            "Shapes, drawn here (no download)",
            named=True,
            about="Ten classes of shapes in colour, drawn at once.",
        ),
        "cifar10": SourceRegistration(
            ".sources.cifar10:Cifar10",
            "CIFAR-10, the Python version (download 170 MB, archive or folder)",
            needs=("requests",),
            install_hint="pip install requests",
            named=True,
            download_bytes=170_498_071,
            about="60,000 photographs of 32 x 32 pixels in ten classes.",
        ),
        "cifar100": SourceRegistration(
            ".importing.named.cifar100:Cifar100",
            "CIFAR-100, the Python version (download 169 MB, archive or folder)",
            needs=("requests",),
            install_hint="pip install requests",
            named=True,
            download_bytes=169_001_437,
            about="60,000 photographs of 32 x 32 pixels in a hundred classes, which belong to twenty.",
        ),
        "mnist": SourceRegistration(
            ".importing.named.mnist:Mnist",
            "MNIST (download 12 MB, or a folder of idx files)",
            needs=("requests",),
            install_hint="pip install requests",
            named=True,
            download_bytes=11_594_722,
            about="70,000 handwritten digits of 28 x 28 pixels in grey.",
        ),
        "fashion_mnist": SourceRegistration(
            ".importing.named.mnist:FashionMnist",
            "Fashion-MNIST (download 31 MB, or a folder of idx files)",
            needs=("requests",),
            install_hint="pip install requests",
            named=True,
            download_bytes=30_878_645,
            about="70,000 articles of clothing of 28 x 28 pixels in grey, in ten classes.",
        ),
        "stl10": SourceRegistration(
            ".importing.named.stl10:Stl10",
            "STL-10, the binary version (download 2.6 GB, archive or folder)",
            needs=("requests",),
            install_hint="pip install requests",
            named=True,
            download_bytes=2_640_397_119,
            about="13,000 photographs of 96 x 96 pixels in ten classes; those without labels are left out.",
        ),
        "svhn": SourceRegistration(
            ".importing.named.svhn:Svhn",
            "SVHN, cropped digits (download 246 MB, or a folder of MATLAB files)",
            needs=("requests",),
            install_hint="pip install requests",
            named=True,
            download_bytes=246_316_178,
            about="99,289 digits of house numbers, 32 x 32 pixels in colour.",
        ),
        "image_folder": SourceRegistration(".sources.image_folder:ImageFolder", "A folder of images", refers=True),
        "label_file": SourceRegistration(
            ".sources.label_files.source:LabelFile", "A label file (.csv, .jsonl, ...) and its images", refers=True
        ),
        "tiny_imagenet": SourceRegistration(
            ".sources.tiny_imagenet:TinyImageNet", "Tiny ImageNet, its own folder", refers=True
        ),
        "archive": SourceRegistration(
            ".sources.archive:Archive", "An archive of any of these (.zip, .tar, .tar.gz, ...)"
        ),
        "at_address": SourceRegistration(
            ".sources.at_address:AtAddress",
            "A folder or file at an address (s3://, gs://, https://, ...)",
            needs=("fsspec",),
            install_hint="pip install fsspec s3fs",
            refers=True,
        ),
        "inspected": SourceRegistration(
            ".importing.inspected:InspectedSource",
            "Records of a file that the Inspector reads (LMDB, HDF5, tar, ...)",
            refers=True,
        ),
    },
)


def open_source(name: str, options: Mapping[str, Any], request: Request) -> Source:
    """The source called `name` with these options, for this request. Raises InputError for an option it lacks."""
    source: Any = SOURCES.make(name, options)
    opened: Source = dataclasses.replace(source, request=request)
    return opened
