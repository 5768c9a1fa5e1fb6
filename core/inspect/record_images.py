"""Records of one file as image files, for datasets that refer to them where they lie (`datasets.image_reader`)."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

from ..base.errors import InputError
from ..images.array_files import as_image_file
from .export_request import ExportRequest, ImageData
from .files import InspectedFile, open_inspected


class RecordImages:
    """Opened when a record is first read. schema: the one that the import has read it by; options: JSON of the field
    that is the image and the bands that are taken ([]: all), as `importing.inspected` has noted it."""

    def __init__(self, path: str | os.PathLike[str], schema: str, options: str) -> None:
        """Raises InputError for options that are none."""
        try:
            told = json.loads(options or "{}")
            self._image, self._bands = str(told.get("image") or ""), told.get("bands")
        except (ValueError, AttributeError):
            raise InputError(f"what is noted of {path} in the dataset is damaged; import it again") from None
        self._path = path
        self._schema = schema or None
        self._file: InspectedFile | None = None

    def read_many(self, records: Sequence[int]) -> list[bytes]:
        """The image files of these records: their own bytes, or those made of an array's numbers, the same each time.

        Raises InputError that names the file and the record.
        """
        found: list[bytes] = []
        try:
            while len(found) < len(records):
                left = records[len(found) :]
                for one in self._opened().ask(ExportRequest(left, self._image, bands=self._bands, fields=False)):
                    if one.image is None:
                        raise InputError(f"record {one.index} of {self._path} cannot be read: {one.problem}")
                    found.append(_as_file(one.image))
        except InputError:
            self.close()
            raise
        return found

    def _opened(self) -> InspectedFile:
        if self._file is None:
            self._file = open_inspected(self._path, self._schema)
        return self._file

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _as_file(image: ImageData) -> bytes:
    return image if isinstance(image, bytes) else as_image_file(image, small=False)[0]
