"""Folders that LitData optimised: chunks and an `index.json`.

detect       whether a file is such an index
index        `index.json`; leaves: the names of the values of an item
tables       the items of a chunk: plain, compressed one by one or in frames, rows of Arrow
serializers  values by the names of LitData's serializers; nested: its JSON in binary
file, records
"""

from ...base.registry import Registration, Registry
from ..registration import KindRegistration

KIND = KindRegistration(
    where=".inspect.litdata.file:LitDataFile",
    title="LitData",
    detects=".inspect.litdata.detect:is_litdata",
    member="index.json",
    opens_member=True,
    claims=".inspect.litdata.detect:claims",
    schemas=Registry(
        "schema for LitData",
        {"litdata": Registration(".inspect.litdata.records:LitDataRecords", "Leaves as index.json tells them")},
    ),
)
