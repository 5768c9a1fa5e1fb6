"""LMDB: one memory-mapped B+tree a split.

Layout (docs/formats.md has it to the byte): keys are the sample's number as eight digits, a value is the payload and
nothing else; `__labels__` holds the labels (int64, little-endian), `__metadata__` JSON, `__dictionary__` a compression
dictionary where there is one. With `group=K` a value holds K payloads: a uint32 count n, n + 1 uint32 offsets
counted from the end of this table, then the payloads, everything little-endian.

Written with py-lmdb; read as what the file is, pages in a map (`store_tree`, on `pages`): payloads are then found once
for all instead of by a call each, views outlive their reader, and nothing is locked, forked or opened twice.
"""

from ..registration import ContainerSigns, FormatRegistration, ReservedSpace, TutorialCode

FORMAT = FormatRegistration(
    where=".formats.lmdb.format:LmdbFormat",
    title="LMDB",
    noun="an LMDB",
    needs=("lmdb",),
    install_hint="pip install lmdb",
    sizes=".formats.lmdb.sizes:occupied",
    mapped=True,
    other_languages=True,
    not_on_network_drives="LMDB's documentation says not to use it on a network drive",
    reserved_space=ReservedSpace(
        what="the map that LMDB reserved",
        explanation="LMDB reserves its map in advance, and its file claims all of it, whatever is used.",
        plural="maps",
        step=1 << 20,
        beside=8192,  # its lock file
    ),
    tutorial=TutorialCode(".measure.storage.tutorials.pickled_images:PickledImages", encoding="raw"),
    signs=ContainerSigns(member="data.mdb", endings=(".mdb",)),
    layout="One file of pages that form a tree: from its root, few pages lead to the one that holds an image.",
    drawing="pages",
    inspector_kind="lmdb",
)
