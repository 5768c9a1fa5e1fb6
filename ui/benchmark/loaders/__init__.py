"""The loader experiment on the Benchmark page."""
