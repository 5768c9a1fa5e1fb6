"""Code for files that were made elsewhere.

What a file means is the Inspector's finding, never a certainty. So each program is one of several that may be right
(`candidates`), and the first that gives the same number of samples, pixels and labels is handed out: it was run on this
very file, in a process of its own (`trial`). Where none is, there is none, and the note says why.

    facts       what the Inspector says of the file, for those who write the programs
    candidates  by kind of file: arrays, lmdb, lmdb_pairs, records (tar, TFRecord), binary_records (RecordIO, beton),
                shard_tables (MDS), litdata, tables (Parquet, Arrow, Lance)
    trial       runs them
    offer       puts it together
"""

from __future__ import annotations

from .offer import of_file

__all__ = ["of_file"]
