"""The page Benchmark: loaders, storage, results."""
