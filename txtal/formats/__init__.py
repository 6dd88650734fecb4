"""What others read and write. Light: the standard library, orjson and murmurhash only."""

PREDICTIONS = ("jsonl", "jsonl.gz", "parquet")
"""The forms of predictions, as the names of files end."""

MAX_LINE = 10_000_000
"""Longest line taken, in bytes, unless the user says otherwise."""
