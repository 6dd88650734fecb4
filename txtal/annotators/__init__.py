"""Annotators that are no people: rules and commands whose votes are measured, never answers."""
