"""The classifier to take away: saved, loaded, compared, and used on any number of texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from txtal.classifier.classifier import Classifier, load, save

__all__ = ["Classifier", "load", "save"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'txtal.classifier' has no attribute {name!r}")
    from txtal.classifier import classifier

    return getattr(classifier, name)
