"""Folders of files that belong together."""

from ..registration import KindRegistration, schemas

SCHEMAS = schemas(
    "folders",
    {
        "own-disk": ("ours:OwnDisk", "Folder of a store built here"),
        "png-csv": ("png_csv:PngCsv", "PNG files with their labels in CSV files"),
    },
)

KIND = KindRegistration(
    where=".inspect.folder.file:FilesFolder",
    title="Folder of files",
    any_folder=True,
    structure="ui.inspector.structure_folder:draw_folder",
    schemas=SCHEMAS,
)
