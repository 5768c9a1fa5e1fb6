"""Files on disk: `<class>/<key>.<ending>`, one file per sample, and `manifest.csv` that lists them in order.

Beside them lie `metadata.json` and, where there is one, the compression dictionary as `__dictionary__`.
"""

from ..registration import FormatRegistration, TutorialCode

FORMAT = FormatRegistration(
    where=".formats.files.format:FilesFormat",
    title="Files on disk",
    noun="files",
    sizes=".formats.files.sizes:occupied",
    file_per_sample=True,
    image_viewers=True,
    other_languages=True,
    layout="Every image is a file of its own, in one folder per class. The file system finds it by its name.",
    drawing="files",
    tutorial=TutorialCode(".measure.storage.tutorials.png_and_csv:PngAndCsv", encoding="png"),
)
