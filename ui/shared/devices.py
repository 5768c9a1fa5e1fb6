"""Which devices batches can be loaded to, found out without loading PyTorch into the server."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from ui.shared.cached import cache_resource

PROBE = (
    "import json, torch\n"
    "names = {f'cuda:{i}': torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())}\n"
    "names.update({'mps': 'Apple GPU'} if torch.backends.mps.is_available() else {})\n"
    "print(json.dumps(names))\n"
)
PROBE_SECONDS = 60


class Devices(NamedTuple):
    """`names` maps a device ("cpu", "cuda:0", "mps") to what it is called; `note` says plainly what there is not."""

    names: dict[str, str]
    note: str


@cache_resource(show_spinner="Asking PyTorch for its devices…", ttl=3600)
def find_devices() -> Devices:
    """The CPU, and the accelerators that PyTorch sees. It is asked, in a process of its own, only where the machine
    looks as if it had one, since that takes seconds.
    """
    if not _looks_accelerated():
        return Devices({"cpu": "CPU"}, "This machine has no CUDA or Apple GPU: batches stay in the CPU's memory.")
    try:
        answer = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, timeout=PROBE_SECONDS, check=True)
        found: dict[str, str] = json.loads(answer.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return Devices({"cpu": "CPU"}, "There is a GPU, but PyTorch did not answer for it: batches stay on the CPU.")
    note = "" if found else "There is a GPU, but this PyTorch cannot use it: batches stay in the CPU's memory."
    return Devices({"cpu": "CPU", **found}, note)


def _looks_accelerated() -> bool:
    apple = platform.system() == "Darwin" and platform.machine() == "arm64"
    return apple or Path("/dev/nvidiactl").exists() or Path("/dev/dxg").exists() or bool(shutil.which("nvidia-smi"))
