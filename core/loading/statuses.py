"""How decoding an image in a kernel can end."""

OK, UNSUPPORTED, TOO_SMALL, DISAGREES = range(4)
"""`UNSUPPORTED` leaves the image, which may be broken or merely unusual, to Pillow; `TOO_SMALL` asks for a state with
more memory; `DISAGREES`: the record of entry points is not this image's."""
