"""Processes that make images keep the memory that they free."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from core.base.home import REPOSITORY
from core.cli.verbs import VERBS
from core.jobs.tasks import TASKS

FAULTS = """
import resource, sys
from core.processes.freed_memory import keep_freed_memory
if "keep" in sys.argv:
    keep_freed_memory()

def image():
    pieces = [bytearray(3 << 20) for _ in range(4)]

image()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    image()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(*arguments: str) -> int:
    command = [sys.executable, "-c", FAULTS, *arguments]
    return int(subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library than GNU's")
def test_memory_of_one_image_is_that_of_the_next() -> None:
    """Every page that the system hands out anew costs a fault, and is cleared."""
    assert faults("keep") < 100 < 10_000 < faults()


def test_what_is_measured_has_the_memory_that_a_training_script_has() -> None:
    measuring = {"loader", "storage", "suite", "train", "train-scaling", "demo"}
    assert {name for name, entry in TASKS.items() if entry.measures} == measuring
    assert not {"load", "experiment", "train", "rivals", "report"} & {
        name for name, verb in VERBS.items() if verb.images
    }
