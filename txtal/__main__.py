"""``python -m txtal``."""

from txtal.cli import main

main()
