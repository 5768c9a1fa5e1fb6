"""The Build page: its form, and what the choices come to."""
