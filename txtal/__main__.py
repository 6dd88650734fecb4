"""``python -m txtal``."""

import sys

if not sys.flags.safe_path:
    del sys.path[0]  # the working directory, from which nothing may be imported

from txtal.cli import main

if __name__ == "__main__":  # and not where a process of a simulation imports it
    main()
