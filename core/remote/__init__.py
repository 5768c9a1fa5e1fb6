"""Files at addresses (s3://, gs://, az://, https://, any fsspec protocol) and the cache of them on this machine's disk.

    address   what is an address, and how it is shown without secrets
    files     `RemoteFiles`: sizes, ranges, whole files, listings, writing; retried, hedged, counted
    transport one request to one kind of storage: `s3`, `web`, `any_fsspec`
    cache     `DiskCache`: whole objects as local files, shared by the processes of a machine

Everything that waits for a network runs on fsspec's event loop, in a thread of its own; callers see plain calls.
"""
