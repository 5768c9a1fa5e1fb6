"""The storage experiment on the Benchmark page."""
