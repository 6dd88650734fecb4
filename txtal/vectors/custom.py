"""A class registered with ``@vectoriser``, as a block: made, called, checked, saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from txtal.errors import LearnerError
from txtal.vectors import registry
from txtal.vectors.blocks import Floats, Sample, Saved, TextEncoder
from txtal.vectors.pipeline import Pipeline


@dataclass(frozen=True)
class Custom(TextEncoder):
    """A fitted one; what it returns is checked, because it is somebody else's code."""

    name: str
    made: Any
    dims: int

    @classmethod
    def fit(cls, name: str, sample: Sample) -> Custom:
        """Make the class registered under ``name`` and fit it; raises as :meth:`transform`."""
        try:
            made = registry.find(name)().fit(list(sample.texts))
        except Exception as error:
            raise LearnerError(f"vectoriser {name!r} can't be fitted: {error!r}") from error
        probe = sample.texts[:1] or [""]
        return cls(name, made, _features(name, made, probe).shape[1])

    def transform(self, texts: Sequence[str]) -> Floats:
        """Return its features, (texts, dims). Raises LearnerError when it returns anything else."""
        features = _features(self.name, self.made, texts)
        if features.shape[1] != self.dims:
            raise LearnerError(
                f"vectoriser {self.name!r} returned {features.shape[1]} columns after {self.dims};"
                " return as many every time"
            )
        return features

    @property
    def savable(self) -> bool:
        """Whether its class can write it down and read it back."""
        return hasattr(self.made, "to_arrays") and hasattr(self.made, "from_arrays")

    @property
    def portable(self) -> bool:
        """Other machines don't have its class."""
        return False

    def to_arrays(self) -> Saved:
        """Return what its class writes down. Raises LearnerError if it can't."""
        if not self.savable:
            raise LearnerError(
                f"vectoriser {self.name!r} can't be saved: give {type(self.made).__name__} the"
                " methods to_arrays() and from_arrays(header, arrays)"
            )
        header, arrays = self.made.to_arrays()
        return {"dims": self.dims, "header": header}, arrays

    @classmethod
    def from_arrays(
        cls,
        name: str,
        pipeline: Pipeline,
        header: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
    ) -> Custom:
        """Make it again from :meth:`to_arrays`; the class is the one registered now."""
        made = registry.find(name).from_arrays(header["header"], arrays)
        return cls(name, made, int(header["dims"]))

    @classmethod
    def versions(cls, name: str) -> list[str]:
        """Return a digest of the class's source, "" when that isn't at hand."""
        return [registry.source_digest(name)]


def _features(name: str, made: Any, texts: Sequence[str]) -> Floats:
    try:
        returned = made.transform(list(texts))
    except Exception as error:
        raise LearnerError(f"vectoriser {name!r} failed: {error!r}; see its code") from error
    try:
        features = np.asarray(returned, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise LearnerError(
            f"vectoriser {name!r} returned {type(returned).__name__}; return an array of numbers"
        ) from error
    if features.ndim != 2 or len(features) != len(texts):
        raise LearnerError(
            f"vectoriser {name!r} returned shape {features.shape} for {len(texts)} texts; return a"
            " row for each text"
        )
    if not np.isfinite(features).all():
        raise LearnerError(f"vectoriser {name!r} returned NaN or infinity; return finite numbers")
    return features
