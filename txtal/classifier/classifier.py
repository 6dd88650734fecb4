"""The classifier to take away: vectoriser, model and labels as npz and JSON, never pickle."""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import compress, islice
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np

from txtal import tempfiles
from txtal.errors import DataError, ModelError
from txtal.formats.bounded import read_small
from txtal.learning.matrix import IS
from txtal.learning.model import LinearModel, decide
from txtal.learning.overlap import SKETCH, Sketches
from txtal.types import TASKS, Classified, Record, Task, grades
from txtal.vectors.vectoriser import Vectoriser

HEADER = "classifier.json"
_FIRST_ARRAYS = "classifier.npz"
"""Where the arrays were before the header named them."""
_ARRAYS = re.compile(r"classifier(-[0-9a-f]{16})?\.npz")
_FORMAT = "txtal classifier"
_VERSION = 4
_READABLE = (1, 2, 3, 4)
"""Version 1 had no share for labels that were never answered, 2 no spread of temperatures, 3 its
arrays under one name."""

_LARGEST = 1 << 30
"""Bytes of all arrays, packed or not: what holds more was made to fill the memory."""

_WIDEST = 100.0
"""Spread of temperatures that is believed."""

_BATCH = 1000
_ROWS = 256
_VECTORISER = "vectoriser."
"""What the names of the vectoriser's arrays begin with."""

_LEARNED = "learned."
"""And those of the sketches of the texts it learned from."""


@dataclass(frozen=True, slots=True)
class Classifier:
    """Texts in, labels with probabilities out."""

    task: Task
    labels: tuple[str, ...]
    model: LinearModel
    vectoriser: Vectoriser
    learned: Sketches | None = None
    """Of the texts it learned from, to tell whether it is tested on them; None: unknown."""

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Probabilities (n texts, k labels), columns in the order of ``labels``."""
        features = self.vectoriser.transform(texts)
        # The last digit of a product depends on how many rows are multiplied at once, unless they
        # are a multiple of this. So a text gets the same figures in any batch, on any worker.
        missing = -len(features) % _ROWS
        padded = np.pad(features, ((0, missing), (0, 0)))
        return self.model.predict_proba(padded)[: len(features)]

    def predict(self, texts: Sequence[str]) -> list[Classified]:
        """One prediction a text."""
        proba = self.predict_proba(texts)
        order = np.argsort(-proba, axis=1, kind="stable")
        exact = np.take_along_axis(proba, order, axis=1).astype(np.float64)
        ranked = np.where(exact < 1, np.minimum(exact.round(4), 0.9999), 1.0)
        chosen = np.take_along_axis(decide(proba, self.task) == IS, order, axis=1)
        names = np.array(self.labels, dtype=object)[order]
        rows = zip(names.tolist(), ranked.tolist(), chosen.tolist(), strict=True)
        return [
            Classified(tuple(compress(own, applies)), dict(zip(own, values, strict=True)))
            for own, values, applies in rows
        ]

    def to_onnx(self, file: Path | str) -> None:
        """Write it as an ONNX model, from sentence models' vectors to probabilities.

        Raises UsageError for a classifier on other vectors and without the extra ``onnx``,
        ModelError where the file can't be written.
        """
        from txtal.classifier.onnx_export import to_onnx

        made = to_onnx(self)
        try:
            with tempfiles.replacing(Path(file)) as out:
                out.write(made)
        except OSError as error:
            raise ModelError(f"{file}: can't write the model: {error.strerror}") from error

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """A JSON-able header and arrays, for :meth:`from_arrays`.

        Raises LearnerError for a vectoriser that can't be saved.
        """
        vectoriser, arrays = self.vectoriser.to_arrays()
        model = self.model
        header = {
            "task": self.task,
            "labels": list(self.labels),
            "unseen": model.unseen,
            "spread": model.spread,
            "vectoriser": vectoriser,
        }
        own = {f"{_VECTORISER}{name}": array for name, array in arrays.items()}
        weights = {"coef": model.coef, "intercept": model.intercept, "trained": model.trained}
        learned: dict[str, np.ndarray] = {}
        if self.learned is not None:
            learned[f"{_LEARNED}exact"] = self.learned.exact
            learned[f"{_LEARNED}near"] = self.learned.near
        prior = {} if model.prior is None else {"prior": model.prior}
        return header, weights | prior | own | learned

    @classmethod
    def from_arrays(cls, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Classifier:
        """Back from :meth:`to_arrays`.

        Raises KeyError, TypeError, ValueError, AttributeError or IndexError for what isn't whole,
        ValueError when its parts don't fit together, and as :meth:`Vectoriser.from_arrays`.
        """
        task, labels = _scheme(header)
        weights = (arrays["coef"], arrays["intercept"], arrays["trained"])
        prior = arrays.get("prior")
        model = LinearModel(task, *weights, _unseen(header), _spread(header), prior)
        parts = {
            name.removeprefix(_VECTORISER): array
            for name, array in arrays.items()
            if name.startswith(_VECTORISER)
        }
        vectoriser = Vectoriser.from_arrays(header["vectoriser"], parts)
        if not _fits(model, len(labels), vectoriser.dims):
            raise ValueError("its labels, weights and features don't fit together")
        return cls(task, labels, model, vectoriser, _sketches(arrays))


def _sketches(arrays: Mapping[str, np.ndarray]) -> Sketches | None:
    """Those of the texts learned from. Raises ValueError when they can't be some."""
    exact, near = (arrays.get(f"{_LEARNED}{part}") for part in ("exact", "near"))
    if exact is None or near is None:
        return None
    kinds = exact.dtype == np.uint64 and near.dtype == np.uint8
    if not kinds or exact.ndim != 1 or near.shape != (len(exact), SKETCH):
        raise ValueError("its sketches of texts are none")
    return Sketches(exact, near)


def batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    """The records in lists of a size to vectorise at once."""
    # itertools.batched needs Python 3.12.
    rest = iter(records)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def check_folder(folder: Path) -> None:
    """Raise ModelError where no classifier can be saved: to be asked before the work, not after.

    UsageError where it would look like a part of a database.
    """
    tempfiles.check_beside(folder)
    there = next(one for one in (folder, *folder.parents) if one.exists())
    if not there.is_dir():
        raise ModelError(f"{folder}: can't write the classifier: {there} is not a directory")
    if not os.access(there, os.W_OK | os.X_OK):
        raise ModelError(f"{folder}: can't write the classifier: no permission to write in {there}")


def save(classifier: Classifier, folder: Path | str) -> None:
    """Write the classifier into ``folder``, made if need be.

    Raises ModelError when it can't be written, LearnerError for a vectoriser that can't be saved.
    """
    folder = Path(folder)
    said, arrays = classifier.to_arrays()
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **arrays)
    header: dict[str, Any] = {
        "format": _FORMAT,
        "version": _VERSION,
        **said,
        "fingerprint": classifier.vectoriser.fingerprint,
    }
    header["arrays"] = f"classifier-{hashlib.sha256(packed.getvalue()).hexdigest()[:16]}.npz"
    header["sha256"] = _sum(header, packed.getvalue())
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(folder, header, packed.getvalue())
    except OSError as error:
        raise ModelError(f"{folder}: can't write the classifier: {error.strerror}") from error


def _sum(header: Mapping[str, Any], arrays: bytes) -> str:
    """Return a digest of the arrays and the header, so that swapped labels are noticed."""
    said = json.dumps({**header, "sha256": ""}, sort_keys=True).encode()
    return hashlib.sha256(said + arrays).hexdigest()


def _write(folder: Path, header: Mapping[str, Any], arrays: bytes) -> None:
    """Put both files there as one: the header names its arrays, and takes its place last.

    Raises OSError; then the classifier that was there is as it was.
    """
    named = folder / header["arrays"]
    there = named.exists()
    try:
        with tempfiles.replacing(named) as file:
            file.write(arrays)
        with tempfiles.replacing(folder / HEADER) as file:
            file.write(json.dumps(header, indent=1).encode())
    except BaseException:
        if not there and _arrays_in_use(folder) != named:
            with suppress(OSError):
                named.unlink(missing_ok=True)
        raise
    for other in folder.iterdir():
        if _ARRAYS.fullmatch(other.name) and other != named:
            with suppress(OSError):  # the new one is there
                other.unlink()


def _arrays_in_use(folder: Path) -> Path | None:
    """Where the arrays of the classifier in a folder are; None without one that can be read."""
    with suppress(ModelError):
        return arrays_file(folder, _header(folder / HEADER))
    return None


def load(folder: Path | str) -> Classifier:
    """Read a classifier that :func:`save` wrote.

    Raises ModelError for anything else, and for one that was altered since.
    """
    folder = Path(folder)
    header = _header(folder / HEADER)
    file = arrays_file(folder, header)
    if not file.exists():  # trained again since the header was read
        header = _header(folder / HEADER)
        file = arrays_file(folder, header)
    arrays = _arrays(file, header)
    try:
        made = Classifier.from_arrays(header, arrays)
        fingerprint = made.vectoriser.fingerprint
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ModelError(f"{folder}: not a whole txtal classifier ({error})") from error
    if fingerprint != header["fingerprint"]:
        raise ModelError(f"{folder}: its vectoriser isn't the one it was trained with")
    return made


def _scheme(header: Mapping[str, Any]) -> tuple[Task, tuple[str, ...]]:
    """The task and the labels. Raises ValueError for what can't be one."""
    task, labels = header["task"], header["labels"]
    if task not in TASKS:
        raise ValueError("no such task")
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise ValueError("its labels are no names")
    if not labels or len(set(labels)) < len(labels):
        raise ValueError("a label is missing or there twice")
    if task == "rating" and not grades.are_grades(labels):
        raise ValueError("its labels are no grades")
    return task, tuple(labels)


def _unseen(header: Mapping[str, Any]) -> float:
    """The share of tickets whose label was never answered. Raises ValueError if it is none."""
    share = float(header.get("unseen", 0.0))
    if not 0 <= share <= 1:
        raise ValueError("its share of unseen labels is none")
    return share


def _spread(header: Mapping[str, Any]) -> float:
    """Of the temperatures. Raises ValueError if it is none."""
    spread = float(header.get("spread", 1.0))
    if not 1 <= spread <= _WIDEST:
        raise ValueError("its spread of temperatures is none")
    return spread


def _fits(model: LinearModel, labels: int, dims: int) -> bool:
    """Whether the weights are numbers, one for each label and feature."""
    numbers = (model.coef, model.intercept)
    return (
        [array.shape for array in (*numbers, model.trained)]
        == [(labels, dims), (labels,), (labels,)]
        and model.trained.dtype == np.bool_
        and all(array.dtype.kind == "f" and bool(np.isfinite(array).all()) for array in numbers)
        and (model.prior is None or _are_shares(model.prior, labels))
    )


def _are_shares(values: np.ndarray, count: int) -> bool:
    """Whether they are so many numbers from 0 to 1."""
    is_array = values.shape == (count,) and values.dtype.kind == "f"
    return is_array and bool(((values >= 0) & (values <= 1)).all())


def arrays_file(folder: Path, header: Mapping[str, Any]) -> Path:
    """Where the arrays of a header are. Raises ModelError when it names no such file."""
    name = header.get("arrays", _FIRST_ARRAYS)
    if not isinstance(name, str) or not _ARRAYS.fullmatch(name):
        raise ModelError(f"{folder / HEADER}: names no arrays of a classifier")
    return folder / name


def _header(path: Path) -> dict[str, Any]:
    try:
        header = json.loads(read_small(path))
    except FileNotFoundError:
        raise ModelError(
            f"{path.parent}: no {HEADER} in it; name a folder `txtal train` wrote"
        ) from None
    except (DataError, OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path}: can't be read as a classifier's header ({error})") from error
    if not isinstance(header, dict) or header.get("format") != _FORMAT:
        raise ModelError(f"{path}: not the header of a txtal classifier")
    if header.get("version") not in _READABLE:
        raise ModelError(f"{path}: made by a newer txtal; upgrade with `pip install -U txtal`")
    missing = {"task", "labels", "vectoriser", "fingerprint", "sha256"} - header.keys()
    if missing:
        raise ModelError(f"{path}: {', '.join(sorted(missing))} missing")
    return header


def _check_sizes(content: bytes) -> None:
    """Raise ValueError when arrays say they are larger than what is there, or larger than any."""
    total = 0
    with ZipFile(io.BytesIO(content)) as packed:
        for one in packed.infolist():
            total += one.file_size
            with packed.open(one) as file:
                if np.lib.format.read_magic(file) != (1, 0):
                    raise ValueError(f"{one.filename} is of a kind that was never written")
                shape, _, kind = np.lib.format.read_array_header_1_0(file)
                if math.prod(shape) * kind.itemsize > one.file_size:
                    raise ValueError(f"{one.filename} is smaller than it says")
    if total > _LARGEST:
        raise ValueError(f"more than {_LARGEST >> 20:,} MB of arrays")


def _arrays(path: Path, header: Mapping[str, Any]) -> dict[str, np.ndarray]:
    try:
        content = read_small(path, _LARGEST)
    except OSError as error:
        raise ModelError(f"{path}: can't be read: {error.strerror}") from error
    except DataError as error:
        raise ModelError(str(error)) from error
    if _sum(header, content) != header["sha256"]:
        raise ModelError(f"{path}: it or its {HEADER} was altered, or is of another classifier")
    try:
        _check_sizes(content)
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except Exception as error:
        # Whoever altered it mended the sum, too, and numpy raises whatever comes up.
        raise ModelError(f"{path}: not readable as arrays ({error})") from error
