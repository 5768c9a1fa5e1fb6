"""MXNet's RecordIO files (`.rec`), with the `.idx` and `.lst` that may lie beside them.

detect   whether a file is one
parts    records as they lie in the file
walk     where they begin, from one walk through the file; beside: or from the `.idx`; names from the `.lst`
file     one open file
header   MXNet's header of image records, and their labels
records  image records; plain: records of anything else
"""

from ...base.registry import Registration, Registry
from ..registration import KindRegistration

KIND = KindRegistration(
    where=".inspect.recordio.file:RecordIoFile",
    title="RecordIO",
    detects=".inspect.recordio.detect:begins_with_a_record",
    shards=True,
    index=1,
    schemas=Registry(
        "schema for RecordIO",
        {
            "recordio-images": Registration(".inspect.recordio.records:ImageRecords", "Images behind MXNet's header"),
            "recordio": Registration(".inspect.recordio.plain:PlainRecords", "Records of anything"),
        },
    ),
)
