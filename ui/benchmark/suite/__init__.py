"""The whole suite on the Benchmark page."""
