"""Work that workers can import, and that goes wrong when it is told to."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from txtal.errors import DataError


@dataclass(frozen=True)
class Scaling:
    """Numbers times a factor."""

    factor: np.ndarray

    def __call__(self, batch: list[float]) -> np.ndarray:
        return np.array(batch) * self.factor

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return {}, {"factor": self.factor}

    @classmethod
    def from_arrays(cls, header: Mapping[str, Any], arrays: Mapping[str, Any]) -> Scaling:
        return cls(arrays["factor"])


class Failing(Scaling):
    """It does for anything but numbers."""

    def __call__(self, batch: Any) -> Any:
        if batch == "foreseen":
            raise DataError("a.jsonl:3: no text")
        if batch == "unforeseen":
            raise ValueError("the secret of a ticket")
        if batch == "deadly":
            os._exit(1)
        return super().__call__(batch)


@dataclass(frozen=True)
class Noting(Scaling):
    """It writes down what it does, and takes its time as :class:`Slow`."""

    file: str

    def __call__(self, batch: Any) -> Any:
        with open(self.file, "a") as out:  # noqa: PTH123 - on a worker
            out.write(f"{batch[0]}\n")
        time.sleep(0.05)
        return super().__call__(batch)

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"file": self.file}, {"factor": self.factor}

    @classmethod
    def from_arrays(cls, header: Mapping[str, Any], arrays: Mapping[str, Any]) -> Noting:
        return cls(arrays["factor"], header["file"])


class Slow(Scaling):
    """It takes long enough for something to happen meanwhile."""

    def __call__(self, batch: Any) -> Any:
        time.sleep(0.05)
        return super().__call__(batch)


class Elsewhere:
    """What Dask does, without a network: nothing is shared but what is sent."""

    width = 3

    def __init__(self) -> None:
        self.kinds: list[type] = []
        """Of the work that was sent."""
        self.kept = 0
        """Batches that were."""

    def map(self, work: Any, batches: Iterable[Any]) -> Iterator[Any]:
        self.kinds.append(type(work))
        sent = pickle.dumps((type(work), *work.to_arrays()))
        for batch in batches:
            kind, header, arrays = pickle.loads(sent)
            yield kind.from_arrays(header, arrays)(pickle.loads(pickle.dumps(batch)))

    def keep(self, read: Callable[[], Any]) -> Any:
        self.kept += 1
        return read()
