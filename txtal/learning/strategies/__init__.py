"""Strategies: functions that score a pool, found by name. Importing this loads nothing heavy."""
