"""Folders of files that belong together."""

from ..registration import KindRegistration, schemas

SCHEMAS = schemas(
    "folders",
    {
        "own-disk": ("ours:OwnDisk", "Folder of a store built here"),
        "own-csv": ("ours:OwnCsv", "CSV manifest of a store built here"),
        "png-csv": ("png_csv:PngCsv", "PNG files with their labels in CSV files"),
        "image-list": ("image_list:ListedImages", "A table that lists image files in the folder"),
    },
)

KIND = KindRegistration(
    where=".inspect.folder.file:FilesFolder",
    title="Folder of files",
    any_folder=True,
    structure="ui.inspector.structure_folder:draw_folder",
    schemas=SCHEMAS,
)
