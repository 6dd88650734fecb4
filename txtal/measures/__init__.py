"""Figures of quality and effort as plain data and words, with their intervals."""
