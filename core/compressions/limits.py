"""How large a payload may become: what stands between a reader and a decompression bomb."""

MAX_PAYLOAD = 1 << 30
"""1 GiB; a frame that claims more is refused before anything is inflated."""
