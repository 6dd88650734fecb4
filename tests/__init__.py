"""Tests, and the benchmarks beside them.

Compiled modules are kept, whatever the environment says, as they are wherever txtal is installed:
hundreds of tests start processes, and each would compile every module it imports. Linear algebra
has one thread in each process, since as many tests run at once as there are cores: threads that
wait for each other on a busy core took seven times the processor's time.
"""

import os
import sys

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
