"""Running programs on the file they were written for, in a process of its own: the first that is right."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ...base.strict_json import dumps
from .facts import MOST_LABELS, FileFacts

SECONDS = 40.0
LABEL_SECONDS = 2.0
MEMORY = 4 << 30

RUNNER = """
import hashlib, json, sys, time, types
asked = json.load(sys.stdin)
try:
    import resource
    resource.setrlimit(resource.RLIMIT_DATA, (asked["memory"], asked["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (asked["seconds"], asked["seconds"]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
except (ImportError, ValueError, OSError):
    pass


class Tensor:  # torch takes seconds to import, and what is tried is how the file is read
    def __init__(self, pixels):
        assert pixels.flags.writeable, "pixels that cannot be written to"
        self.pixels = pixels

    def permute(self, *axes):
        return self


def labels_compared(found, names, labels):  # all, or as many as a short time is enough for
    if "decode" in names:
        import numpy  # image files are not decoded for this
        names["decode"] = lambda data: numpy.zeros((1, 1, 3), "uint8")
    until, compared = time.monotonic() + asked["label_seconds"], 0
    for first in range(STEP):  # from all over the file, however far it comes
        for index in range(first, len(labels), STEP):
            label = found[index][1]
            assert label == labels[index], f"sample {index} has the label {label}, not {labels[index]}"
            compared += 1
            if time.monotonic() > until:
                return compared
    return compared


STEP = 16
torch, utils, data = (types.ModuleType(name) for name in ("torch", "torch.utils", "torch.utils.data"))
torch.from_numpy, data.Dataset, data.DataLoader = Tensor, object, None
sys.modules |= {"torch": torch, "torch.utils": utils, "torch.utils.data": data}
why = ""
for number, program in enumerate(asked["programs"]):
    found = None
    try:
        names = {"__name__": "program"}
        exec(compile(program, "program", "exec"), names)
        found = names["open_file"]()
        assert len(found) == asked["length"], f"{len(found):,} samples where the Inspector sees {asked['length']:,}"
        labels = asked["labels"]
        for index, sum in zip(asked["indices"], asked["sums"]):
            image, label = found[index]
            assert label == labels[index], f"sample {index} has the label {label}, not {labels[index]}"
            pixels = image.pixels
            assert pixels.dtype.name == "uint8" and pixels.ndim == 3, f"sample {index} is no picture"
            made = hashlib.sha256(str(pixels.shape).encode() + pixels.tobytes()).hexdigest()
            assert made == sum, f"sample {index} has other pixels"
        if hasattr(found, "labels"):  # all of them are at hand
            compared = asked["known"]
            assert [int(one) for one in found.labels[:compared]] == labels[:compared], "other labels"
        else:
            compared = labels_compared(found, names, labels[: asked["known"]])
        found.close()
        print(json.dumps([number, "", compared]))
        sys.exit(0)
    except Exception as error:
        why = why or f"{type(error).__name__}: {error}"
        if found is not None:
            found.close()  # py-lmdb opens a file once in a process
print(json.dumps([-1, why, 0]))
"""


class Tried(NamedTuple):
    """`number`: which program is right, -1 for none; `why`: what was wrong with the first one; `labels`: how many were
    compared."""

    number: int
    why: str
    labels: int = 0


def first_right(programs: Sequence[str], facts: FileFacts) -> Tried:
    """Run these programs one after the other, as long as none is right."""
    shown = [str(one.shape).encode() + np.ascontiguousarray(one).tobytes() for one in facts.pixels]
    sums = [hashlib.sha256(one).hexdigest() for one in shown]
    labels = facts.labels[:MOST_LABELS].tolist()
    known = len(labels)
    labels += [0] * (max(facts.indices) + 1 - len(labels)) if max(facts.indices) >= len(labels) else []
    for index in facts.indices:
        labels[index] = int(facts.labels[index])
    asked = {
        "programs": list(programs), "length": len(facts), "indices": list(facts.indices), "sums": sums,
        "labels": labels, "known": known, "label_seconds": LABEL_SECONDS, "memory": MEMORY, "seconds": int(SECONDS),
    }  # fmt: skip
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", RUNNER], input=dumps(asked).encode(), capture_output=True, timeout=SECONDS,
            check=False,
        )  # fmt: skip
        number, why, compared = json.loads(done.stdout.splitlines()[-1])
    except (subprocess.TimeoutExpired, OSError):
        return Tried(-1, f"trying it took more than {SECONDS:.0f} s")
    except (ValueError, IndexError, TypeError):
        return Tried(-1, "the process that tried it ended without a word")
    return Tried(int(number), str(why)[:300], int(compared))
