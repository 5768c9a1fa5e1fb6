"""`python -m core.jobs FOLDER`: run the job in that folder."""

import sys

from core.jobs.supervisor import main

sys.exit(main(sys.argv[1:]))
