"""Run by its path with the Python of an environment: `python -P probe.py MODULE`.

Imports the module, as those who use it will. Then writes a line "INSTALLED", and each distribution that is installed
there as "name==version", this Python first. The standard library is enough.
"""

import platform
import sys
from importlib import import_module
from importlib.metadata import distributions


def main() -> None:
    import_module(sys.argv[1])
    installed = {f"{one.metadata['Name']}=={one.version}" for one in distributions()}
    sys.stdout.write("\nINSTALLED\n")
    for line in [f"python=={platform.python_version()}", *sorted(installed, key=str.lower)]:
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
