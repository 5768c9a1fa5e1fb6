"""Folders of Lance, read by the package pylance where it is installed.

detect  whether a folder is one
file    the dataset as it is open
records
"""

from ...base.registry import Registration, Registry
from ..registration import KindRegistration

KIND = KindRegistration(
    where=".inspect.lance.file:LanceFile",
    title="Lance",
    needs=("lance",),
    install_hint="pip install pylance (the package called lance is another one)",
    library="pylance",
    claims=".inspect.lance.detect:has_manifest",
    schemas=Registry(
        "schema for Lance", {"lance": Registration(".inspect.lance.records:LanceRecords", "Rows with their columns")}
    ),
)
