"""Folders of MosaicML's Streaming (MDS, version 2), and single shards of them.

detect      whether a file is an index or a shard
index       `index.json`, or the header of a shard
encodings   values of the columns
file, records
"""

from ...base.registry import Registration, Registry
from ..registration import KindRegistration

KIND = KindRegistration(
    where=".inspect.mds.file:MdsFile",
    title="MDS",
    detects=".inspect.mds.detect:is_mds",
    member="index.json",
    opens_member=True,
    claims=".inspect.mds.detect:claims",
    shards=True,
    schemas=Registry(
        "schema for MDS", {"mds": Registration(".inspect.mds.records:MdsRecords", "Columns as index.json tells them")}
    ),
)
