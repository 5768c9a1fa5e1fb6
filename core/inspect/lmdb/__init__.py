"""LMDB files that anybody may have written, read page by page by code of ours.

layout      the bytes of meta pages and nodes, for either size of word and order of bytes
pages       one page, every number checked; tree: entries by position and key; salvage: what is left without a tree
file        one open file; databases: which of them is looked at; structure, map: what its pages are used for
keys        keys as text; selection, roles: which entries are samples; labels: and what they are called
records     entries as records; own: those of our stores
"""
