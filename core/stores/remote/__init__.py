"""Stores at addresses (s3://bucket/.../variant): what lies beside the shards is read at once, each shard when needed.

workplace  a folder of this process's own, in which files stand under their names in the store
source     brings files out of the cache of this machine, or from the address into it
arrived    the shards that are here, in this process: mapped where the format is, let go of when there is no room
reader     one reader of all shards, wherever they are
store      `RemoteStore`, `open_remote_store`
"""
