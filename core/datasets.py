"""An imported dataset on disk: `data/raw/<name>/<split>/<class>/<file>` and its index.

The index is a SQLite file, `index.sqlite`, so that it is streamed, counted and looked into without ever being
held in memory, and any tool can read it. Tables:

    dataset(key TEXT PRIMARY KEY, value TEXT)            name, source, fingerprint, imported (ISO time), schema
    classes(label INTEGER PRIMARY KEY, name TEXT)
    images(split TEXT, position INTEGER, path TEXT, label INTEGER, bytes INTEGER, height INTEGER, width INTEGER,
           checksum INTEGER, pixel_checksum INTEGER, PRIMARY KEY (split, position)) WITHOUT ROWID
    skipped(path TEXT, reason TEXT)

SQLite's integers are signed, so the two XXH3-64 checksums are kept modulo 2**64 as signed numbers.
"""
