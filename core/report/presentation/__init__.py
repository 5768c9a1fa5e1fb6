"""The results of a report as slides, in one HTML file that runs by itself."""
