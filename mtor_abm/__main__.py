"""`python -m mtor_abm` does the same as `run.py`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
