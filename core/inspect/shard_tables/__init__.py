"""Folders of shards that begin with a table of their samples and are listed in an `index.json`, as MDS and LitData are.

folder     files of a folder, read at places that a foreign index names
index      `index.json`, and the shards that it lists
offsets    the table of one shard
file       such a folder as a file of the inspector; health: what is wrong with it
values     values that both libraries write alike
records    its records
"""
