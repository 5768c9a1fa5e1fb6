"""Tables of Arrow's types, as Parquet and Arrow files keep them: what their columns are, and their rows as records.

rows           what a kind of file gives: rows, columns, numbers
values         values of Arrow's types as plain data
features       what the schema's metadata says (Hugging Face's features, our own), and what of it is lost
pixel_tables   one column for each pixel, or a column of numbers in text
records        rows as records: `ImageRows` and `PixelRows`

pyarrow takes its memory from the system here: pools of its own reserve more than a reader may have.
"""
