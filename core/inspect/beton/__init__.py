"""FFCV's `.beton` files, version 2.

detect  whether a file is one
layout  header, fields and their metadata
file    one open file: metadata, allocation table, bytes
records
"""

from ...base.registry import Registration, Registry
from ..registration import KindRegistration

KIND = KindRegistration(
    where=".inspect.beton.file:BetonFile",
    title="FFCV beton",
    detects=".inspect.beton.detect:is_beton",
    shards=True,
    schemas=Registry(
        "schema for FFCV beton",
        {"beton": Registration(".inspect.beton.records:BetonRecords", "Fields as the file tells")},
    ),
)
