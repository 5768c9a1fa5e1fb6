"""What runs in a rival's own process: the standard library, NumPy, and what the rival's environment brings."""
