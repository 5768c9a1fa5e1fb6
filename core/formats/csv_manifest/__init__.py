"""A CSV manifest: `<split>.csv` lists path, label and class, and the images stay where the dataset has them.

With `copy` they lie beside it, in `images/<class>/`. `metadata.json` names the folder (`root`) below which all paths
lie.
"""

from ..registration import FormatRegistration

FORMAT = FormatRegistration(
    where=".formats.csv_manifest.format:CsvFormat",
    title="CSV manifest",
    noun="a CSV manifest",
    sizes=".formats.csv_manifest.sizes:occupied",
    usual=False,
    refers=True,
    referred=".formats.csv_manifest.layout:referred_root",
    file_per_sample=True,
    image_viewers=True,
    other_languages=True,
)
