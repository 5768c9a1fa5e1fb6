"""Experiments while they run. Each draws its picture as HTML (`pictures`). The page listens for new ones at an address
of its own (`route`, `view`), so that no script runs, and a browser has next to nothing to do, while the processors are
being measured.
"""
