"""`python -m xsconsole.simpool`: the embedded pool without the rest of the program."""

import sys

from xsconsole.simpool.program import main

sys.exit(main())
