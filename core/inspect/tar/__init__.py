"""Tar archives of samples: images with sidecar files, shards of WebDataset and img2dataset, plain or compressed.

detect       whether a file is one
source       its bytes: a map, or what was decompressed
noted        what is noted of each member in the walk: where its key ends, its ending, its label
grouping     which members are one record, and what that shows of the archive's health
index        the walk through all members, in steps, and what is kept of it
file         one open archive; findings: what is wrong with it; beside: files that go with it
records      records with their fields; members: the value of a member
"""

from ...base.registry import Registration, Registry
from ..registration import KindRegistration

KIND = KindRegistration(
    where=".inspect.tar.file:TarFile",
    title="tar",
    detects=".inspect.tar.detect:is_archive",
    shards=True,
    index=1,
    schemas=Registry(
        "schema for tar archives",
        {"tar": Registration(".inspect.tar.records:TarRecords", "Members of one key as one record")},
    ),
)
