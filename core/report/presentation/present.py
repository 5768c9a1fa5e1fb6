"""From a dataset's measurements to slides: what the page and the command line both ask for."""

from __future__ import annotations

from ...base.home import Home
from ...datasets.dataset import Dataset
from ...datasets.example_pictures import example_pictures
from ..compose import compose
from ..document import Report
from ..gather import gather
from ..questions import Answers
from .document import presentation
from .slides import slides_of


def present(home: Home, name: str, answers: Answers) -> str:
    """The HTML of the slides on this dataset. Raises InputError for a dataset that is not there or damaged."""
    return slides_of_report(home, compose(gather(home, name), answers))


def slides_of_report(home: Home, report: Report) -> str:
    """The HTML of the slides of this report, with images of its dataset."""
    dataset = Dataset.open(home, report.evidence.images.name)
    return presentation(report, slides_of(report, example_pictures(dataset)))
