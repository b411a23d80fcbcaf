"""`python -m mainstay`: the same as the console script."""

import sys

from mainstay.cli.main import main

sys.exit(main())
