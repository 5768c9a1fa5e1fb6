"""HDF5 files that anybody may have written, through h5py, in a process that may die of it.

walk        every object and link, without leaving the file; cut: files that end too early
guard       what may be read of a dataset at all; filters, heap, facts: what that depends on
file        one open file: datasets, rows, structure; chunks: where they lie
words       what names promise; candidates, families: which datasets are images; layouts: which axis is which
labels      what they are called; texts: and in which words; beside: in another file
pixels      values to pixels; spec: palettes and origins; values, rows, runs: records one by one
"""
