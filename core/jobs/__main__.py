"""`python -m core.jobs FOLDER`: run the job in that folder."""

import sys

from ..base.gc_pause import end_without_collecting
from .supervisor import main

if __name__ == "__main__":
    status = main(sys.argv[1:])
    end_without_collecting()
    sys.exit(status)
