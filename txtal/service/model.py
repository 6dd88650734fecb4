"""The classifier of a dataset as it is served: the version in use, and soon the next."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from txtal.classifier import versions
from txtal.classifier.classifier import Classifier
from txtal.errors import TxtalError
from txtal.service.refusals import Refusal
from txtal.types import Classified

LOOK_SECONDS = 0.5
"""How often it is looked whether there is another version."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A version that is in memory."""

    version: int
    classifier: Classifier


class ServedModel:
    """Predicts with the version in use. A new one is loaded behind, and takes over when it works.

    A request is answered whole by the version that it began with.
    """

    def __init__(self, folder: Path, failed: Callable[[Exception], object]) -> None:
        """``failed`` is called if a version can't be loaded; the one before stays in use."""
        self._folder = folder
        self._failed = failed
        self._loaded: LoadedModel | None = None
        self._refused: int | None = None
        self._loading = threading.Lock()
        self._looked = float("-inf")

    @property
    def version(self) -> int | None:
        """The version that predicts; None before the first request, or without any."""
        return self._loaded.version if self._loaded else None

    @property
    def is_quick(self) -> bool:
        """Whether it predicts at once: it is loaded, and its vectors need no large model."""
        loaded = self._loaded
        return self.is_current and loaded is not None and not loaded.classifier.vectoriser.slow

    @property
    def is_current(self) -> bool:
        """Whether there is a model, and no look for a newer one is due."""
        return self._loaded is not None and time.monotonic() - self._looked < LOOK_SECONDS

    def predict(self, texts: Sequence[str]) -> tuple[int, list[Classified]]:
        """Return the version, and what it says of each text. Raises Refusal without a model."""
        self.look()
        loaded = self._loaded
        if loaded is None:
            raise Refusal(409, "no model yet: `txtal train`, or POST /train, makes one")
        return loaded.version, loaded.classifier.predict(texts)

    def look(self) -> None:
        """Load the version in use if it is another: the first now, later ones in a thread."""
        if self.is_current:
            return
        self._looked = time.monotonic()
        wanted = versions.current(self._folder)
        if wanted is None or wanted in (self.version, self._refused):
            return
        if self._loaded is None:
            with self._loading:
                if self._loaded is None:
                    self._load(wanted)
        elif self._loading.acquire(blocking=False):
            threading.Thread(target=self._load_and_release, args=(wanted,), daemon=True).start()

    def _load_and_release(self, wanted: int) -> None:
        try:
            self._load(wanted)
        finally:
            self._loading.release()

    def _load(self, wanted: int) -> None:
        try:
            classifier = versions.load(self._folder, wanted)
            classifier.predict(["warm up"])  # what is read at the first text is read now
        except (TxtalError, OSError, ValueError) as error:
            self._refused = wanted
            self._failed(error)
            return
        self._refused, self._loaded = None, LoadedModel(wanted, classifier)
