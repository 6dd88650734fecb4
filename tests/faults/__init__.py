"""Faults that need real processes, disks and kills, and what drives them."""

from pathlib import Path

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Where files are made that need not outlast the machine, which is fast."""
