"""Records of named fields, as tars with sidecar files, Examples, tables and stacks of arrays keep them.

declared    what a file itself says of its fields
images      which fields are images, and which of them is the main one
labels      the label among the fields
plain       fields as plain JSON, to be read
records     `FieldRecords`, from which a kind's records are made
"""

from .declared import Declared
from .records import FieldRecords

__all__ = ["Declared", "FieldRecords"]
