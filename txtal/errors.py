"""The errors that txtal raises.

Core code raises them, and only :mod:`txtal.cli.errors` turns them into command-line text and an
exit code. A message says what is wrong, where, and what to do about it.
"""

from __future__ import annotations


class TxtalError(Exception):
    """Base class of the errors that txtal raises on purpose. The exit code is 1 by default."""

    exit_code = 1


class UsageError(TxtalError):
    """The arguments are invalid or don't go together, or there is no terminal."""

    exit_code = 2


class DataError(TxtalError):
    """A data file has content that txtal can't use."""

    exit_code = 3


class DatabaseError(TxtalError):
    """The database file can't be opened, read or written."""

    exit_code = 3


class LockedError(DatabaseError):
    """Another process holds the database's write lock; the write may be tried again."""

    exit_code = 4


class NewerError(DatabaseError):
    """The database was made by a newer txtal, so this one must not write to it."""

    exit_code = 4


class ForeignError(DatabaseError):
    """The file is another program's database."""


class DamagedError(DatabaseError):
    """Something in the database isn't what was written; the rest may be undamaged."""


class LearnerError(TxtalError):
    """The learner can't be started, or fails to vectorise or fit."""


class EngineError(TxtalError):
    """Dask workers can't be reached, or can't do the work."""


class RecipeError(TxtalError):
    """A recipe can't be found, loaded or called."""

    exit_code = 2


class ModelError(TxtalError):
    """A saved model is missing, altered, or not one of txtal's."""

    exit_code = 3
