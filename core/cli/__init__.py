"""The headless door: `python -m core VERB ...`, for people, benchmarks and continuous integration alike."""
