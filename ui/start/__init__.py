"""The page Start: a welcome, and the demo."""
