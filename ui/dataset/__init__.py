"""The Dataset page: import, samples, balance."""
