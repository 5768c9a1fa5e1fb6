"""Everything that was measured: a list, one run, several side by side."""
