"""WebDataset: a folder of tar shards a split.

Layout (docs/formats.md has it to the byte): shards `<split>-000000.tar` hold a sample as two members side by side, the
payload `00000000.jpg` and its label `00000000.cls`; pixels of one shape are `.npy` members. Beside the shards lie
`index.npy` (where samples lie) and `metadata.json`. Any tool that reads tar reads it; our reader maps the shards.

tar_layout  headers of tar archives, of .npy members, and the names of members
tar_walk    all members of a tar, by a walk over its headers; tar_headers, pax: what these say
seekable    shards in zstd frames, each of which is decompressed alone
writer, reader, rebuild: the index where it is missing
"""

from ..registration import FormatRegistration

FORMAT = FormatRegistration(
    where=".formats.webdataset.format:WebDatasetFormat",
    title="WebDataset",
    noun="a WebDataset",
    sizes=".formats.webdataset.sizes:occupied",
    usual=False,
    mapped=True,
    inspector_kind="tar",
    other_languages=True,
)
