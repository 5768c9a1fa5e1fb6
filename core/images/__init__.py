"""The one rule by which image files become RGB pixels."""
