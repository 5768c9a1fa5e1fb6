"""Experiments and what they leave behind."""
