"""Where the images of a file lie in it, so that whoever maps the file can load them without reading it record by
record.

A schema's records tell it (`records.Placed`); of any other records it is found out by reading each and looking for its
bytes in the file (`searched`). What is told is never a guess: a place is one whose bytes are the image's, and how bare
pixels lie is tried out with pixels of our own (`layout`).
"""
