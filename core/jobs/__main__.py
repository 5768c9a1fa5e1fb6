"""`python -m core.jobs FOLDER`: run the job in that folder."""

import sys

from .supervisor import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
