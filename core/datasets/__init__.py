"""Imported datasets: importing, the index, what was imported."""
