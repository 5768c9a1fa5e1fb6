"""What is to be built, checked and put together from what the user asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..base.contracts import Compression, Contents, Encoding, Field, FieldValue, Format, Row
from ..base.errors import InputError
from ..base.home import Home
from ..base.options import chosen, slug
from ..compressions import COMPRESSIONS
from ..datasets.dataset import Dataset
from ..encodings import ENCODINGS
from ..formats import FORMATS
from ..images.pixel_choice import NO_CHOICE
from ..machine.session import now, versions
from ..stores.manifest import Manifest


@dataclass(frozen=True)
class Recipe:
    """A dataset and the three parts that make a store of it, bound to each other."""

    dataset: Dataset
    format_name: str
    encoding_name: str
    compression_name: str
    format: Format
    encoding: Encoding
    compression: Compression

    @classmethod
    def of(
        cls, home: Home, dataset: str, format: str, encoding: str, compression: str, options: Mapping[str, Any]
    ) -> Recipe:
        """Raises InputError for an unknown dataset, part or option, and for parts that do not go together."""
        found = Dataset.open(home, dataset)
        of_format, of_encoding, of_compression = _share_out(options, format, encoding, compression)
        recipe = cls(
            dataset=found,
            format_name=format,
            encoding_name=encoding,
            compression_name=compression,
            format=FORMATS.make(format, of_format),
            encoding=ENCODINGS.make(encoding, of_encoding).bind(found.shapes(), found.values),
            compression=COMPRESSIONS.make(compression, of_compression),
        )
        recipe.format.check(recipe.contents(next(iter(found.splits))))
        return recipe

    @property
    def variant(self) -> str:
        """The store's folder name: encoding, compression and every option that is not at its default."""
        compression = "" if self.compression_name == "none" else self.compression_name
        parts = [
            self.encoding_name,
            slug(self.encoding),
            compression,
            slug(self.compression),
            slug(self.format),
        ]
        return "-".join(filter(None, parts))

    @property
    def untouched(self) -> bool:
        """Whether payloads are the imported files' bytes as they are."""
        return self.encoding_name == "original" and self.compression.identity

    @property
    def only_copies(self) -> bool:
        """Whether reading the imported files and writing their bytes is all there is to do."""
        return self.untouched and self.jpeg_index is None

    @property
    def jpeg_index(self) -> int | None:
        """MCUs between two entry points of the index that lies beside the container; None for no index."""
        interval = chosen(self.encoding).get("jpeg_index")
        return interval if isinstance(interval, int) else None

    @property
    def range(self) -> dict[str, Any]:
        """`{"range": ...}` for whoever decodes the payloads, where that takes more than the payload itself."""
        told = self.dataset.values.to_json() if self.encoding_name == "original" else {}
        return {"range": told} if told else {}

    @property
    def pixels(self) -> dict[str, Any]:
        """What was done to the pixels at import and what was asked for, where that is more than decoding them."""
        values, asked = self.dataset.values, self.dataset.choice
        if values.is_default and asked == NO_CHOICE:
            return {}
        return {"pixels": {**values.to_json(), "asked": asked.to_json()}}

    def trained(self, payloads: Sequence[bytes]) -> Recipe:
        """This recipe after its compression has seen a sample of the payloads."""
        return replace(self, compression=self.compression.train(payloads))

    def target(self, home: Home) -> Path:
        return home.built / self.dataset.name / self.format_name / self.variant

    def contents(self, split: str) -> Contents:
        """What the split's container is told beforehand."""
        bare = self.encoding.payload_shape if self.compression.identity else None
        return Contents(
            samples=self.dataset.splits[split],
            classes=tuple(self.dataset.classes),
            payload_shape=bare,
            total_bytes=self.dataset.split_bytes()[split] if self.untouched else None,
            dictionary=self.compression.dictionary,
            metadata=self.metadata(split),
            rows=SplitRows(
                self.dataset, split, self.untouched and self.dataset.has_files, 0, self.dataset.splits[split]
            ),
        )

    def manifest(
        self,
        splits: Mapping[str, Mapping[str, Any]],
        shards: Mapping[str, list[dict[str, Any]]],
        keeps_fields: bool,
        **further: Any,
    ) -> Manifest:
        """That of a store of this recipe; `further`: `checksum`, `files`, `extra`, and `encoding_options` where they
        are not all of the encoding's."""
        options = further.pop("encoding_options", None)
        return Manifest(
            dataset=self.dataset.name,
            fingerprint=self.dataset.fingerprint,
            format=self.format_name,
            variant=self.variant,
            encoding={
                "name": self.encoding_name,
                "options": chosen(self.encoding) if options is None else options,
                **self.range,
            },
            compression={"name": self.compression_name, "options": chosen(self.compression)},
            format_options=chosen(self.format),
            payload_shape=self.encoding.payload_shape,
            classes=self.dataset.classes,
            fields=[field._asdict() for field in self.dataset.fields] if keeps_fields else [],
            splits=splits,
            shards=shards,
            built=now(),
            versions=versions(),
            **{"checksum": "", "files": {}, **further},
        )

    def metadata(self, split: str) -> dict[str, Any]:
        """What a container says of its payloads to whoever has nothing but the container."""
        shape = self.encoding.payload_shape
        return {
            "dataset": self.dataset.name,
            "split": split,
            "encoding": self.encoding_name,
            **self.range,
            "compression": self.compression_name,
            "payload_shape": list(shape) if shape else None,
        }


@dataclass(frozen=True)
class SplitRows:
    """`ImportedRows` of the samples of one split from `start` to before `stop`, streamed from the dataset's index each
    time."""

    dataset: Dataset
    split: str
    untouched: bool
    start: int
    stop: int

    @property
    def root(self) -> Path:
        return Path(self.dataset.files_root)

    def __iter__(self) -> Iterator[Row]:
        return self.dataset.rows(self.split, self.start, self.stop)

    def sizes(self) -> Iterator[tuple[int, int]]:
        return self.dataset.sizes(self.split, self.start, self.stop)

    @property
    def fields(self) -> tuple[Field, ...]:
        return self.dataset.fields

    def field_values(self, start: int = 0) -> Iterator[Mapping[str, FieldValue]]:
        return self.dataset.field_values(self.split, self.start + start, self.stop)


def _share_out(
    options: Mapping[str, Any], format: str, encoding: str, compression: str
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Each option to the part that has one of that name."""
    known = (FORMATS.options(format), ENCODINGS.options(encoding), COMPRESSIONS.options(compression))
    unknown = sorted(set(options).difference(*known))
    if unknown:
        names = ", ".join(name for part in known for name in part) or "none"
        raise InputError(f"unknown option {unknown[0]!r}; {format}, {encoding} and {compression} have: {names}")
    shares = tuple({name: value for name, value in options.items() if name in part} for part in known)
    return shares[0], shares[1], shares[2]
