"""Built stores: the manifest, payloads and pixels by index, sizes."""
