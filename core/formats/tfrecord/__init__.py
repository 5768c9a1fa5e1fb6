"""TFRecord: one folder a split, of shards `<split>-00000-of-00008` that hold a `tf.train.Example` a sample.

Layout (docs/formats.md has it to the byte): a record is uint64 length, uint32 checksum of it, the Example, uint32
checksum of that. Features of an Example are TF-slim's: `image/encoded` (the payload), `image/format`, `image/height`,
`image/width`, `image/class/label` (our class numbers, from 0), `image/class/text`. Beside the shards lie `index.npy`
(where each payload is), `metadata.json`, and with `compress=gzip` `blocks.npy` (where reading can begin).
"""

from ..registration import ContainerSigns, FormatRegistration

FORMAT = FormatRegistration(
    where=".formats.tfrecord.format:TfRecordFormat",
    title="TFRecord",
    noun="TFRecord files",
    needs=("google_crc32c",),
    install_hint="pip install google-crc32c",
    sizes=".formats.tfrecord.sizes:occupied",
    usual=False,
    mapped=True,
    other_languages=True,
    signs=ContainerSigns(endings=(".tfrecord", ".tfrecords")),
)
