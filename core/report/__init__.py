"""From measurements to an answer: what was measured on this machine, what it says, and what to do.

    figures         a number with its spread and its source; when two of them differ
    evidence        everything measured on one dataset, as plain dataclasses
    record_filter   which records count, and why others do not
    gather          finds it in the stores and in the records of experiments
    ranking         which measurements are compared with each other, and which stores no other one beats
    questions       what the guide asks
    constraints     which stores the answers rule out
    guide           which store to use, why, and what was not measured
    predict         what a store would cost at another number of images
    code            the lines that use a store, and the command that builds it
    charts, svg, sections, experiments, document, html, markdown, export    the report itself

Everything up to `code` is pure: it can be tried on constructed figures with a known best.
"""
