"""Tests, and the benchmarks beside them.

Compiled modules are kept, whatever the environment says, as they are wherever txtal is installed:
hundreds of tests start processes, and each would compile every module it imports.
"""

import os
import sys

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
