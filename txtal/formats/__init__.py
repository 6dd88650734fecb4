"""What others read and write. Light: standard library, jsonlines and murmurhash only."""

EXPORTS = ("jsonl", "prodigy", "plain", "csv")
"""The names of the export formats; :mod:`txtal.formats.export` has what they do."""

MAX_LINE = 10_000_000
"""Longest line taken, in bytes, unless the user says otherwise."""
