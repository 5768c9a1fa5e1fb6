"""Ends rivals whose driver is gone, also after `kill -9` and where they are stopped: run by its path, it reads lines.

"+123" watches over the session of process 123, "-123" no longer. At the end of its input it kills what is left.
"""

import contextlib
import os
import signal
import sys


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    watched: set[int] = set()
    for line in sys.stdin:
        number = int(line[1:])
        (watched.add if line[0] == "+" else watched.discard)(number)
    for number in watched:
        with contextlib.suppress(OSError):
            os.killpg(number, signal.SIGKILL)


if __name__ == "__main__":
    main()
