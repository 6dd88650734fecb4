"""Every failure txtal foresees.

Core code raises these and nothing prints them but :mod:`txtal.cli.errors`, the one place that
turns them into command-line text and an exit code. A message says what went wrong, where, and
what to do about it.
"""

from __future__ import annotations


class TxtalError(Exception):
    """A foreseen failure; exits with 1 unless its kind says otherwise."""

    exit_code = 1


class UsageError(TxtalError):
    """The words of the command don't fit together, or there is no terminal to work in."""

    exit_code = 2


class DataError(TxtalError):
    """A data file holds what txtal can't take."""

    exit_code = 3


class DatabaseError(TxtalError):
    """The database file can't be opened, read or written."""

    exit_code = 3


class LockedError(DatabaseError):
    """Another process holds the database's write lock; the write may be tried again."""

    exit_code = 4


class NewerError(DatabaseError):
    """The database was made by a newer txtal; this one must not write to it."""

    exit_code = 4


class ForeignError(DatabaseError):
    """The file is another program's database."""


class DamagedError(DatabaseError):
    """What was read isn't what was written; the rest of the database may be well."""


class LearnerError(TxtalError):
    """The learner can't fit, vectorise or be started."""


class EngineError(TxtalError):
    """Other machines can't be reached, or can't do what is asked of them."""


class RecipeError(TxtalError):
    """A recipe can't be found, loaded or called."""

    exit_code = 2


class ModelError(TxtalError):
    """A saved model is missing, altered, or not one of ours."""

    exit_code = 3
