"""TFRecord files that anybody may have written.

detect      whether a file is one, plain or behind gzip or zlib
stream      what a compressed file inflates to, at any place
walk        from record to record, past what is damaged; findings: what that has shown
file        one open file: its records, its walk, its structure
records     Examples, SequenceExamples, other bytes; values: features as plain data
beside      what TFDS says of the features; formats: what a record says of its images
"""

from ...base.registry import Registration, Registry
from ..registration import KindRegistration

_RECORDS = ".inspect.tfrecord.records"

KIND = KindRegistration(
    where=".inspect.tfrecord.file:TfRecordFile",
    title="TFRecord",
    needs=("google_crc32c",),
    install_hint="pip install google-crc32c",
    detects=".inspect.tfrecord.detect:has_checksum",
    guesses=".inspect.tfrecord.detect:may_be_damaged",
    shards=True,
    index=1,
    schemas=Registry(
        "schema for TFRecord files",
        {
            "tf-example": Registration(f"{_RECORDS}:ExampleRecords", "Examples: features by name"),
            "tf-sequence": Registration(f"{_RECORDS}:SequenceRecords", "SequenceExamples: features step by step"),
            "tf-records": Registration(f"{_RECORDS}:OtherRecords", "Records of any other bytes"),
        },
    ),
)
