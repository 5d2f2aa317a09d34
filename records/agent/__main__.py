"""`python -m records.agent` and `python xinglin-agent.pyz`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
