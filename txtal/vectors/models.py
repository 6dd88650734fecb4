"""Sentence models on this machine: where one is, what reads it, and how to know it again.

A model is a folder. It is named by its path, by an installed package that carries it, or by the
name under which Hugging Face's tools downloaded it. Nothing is downloaded here, and no package is
imported to look into it.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from txtal.errors import LearnerError, UsageError
from txtal.vectors.architectures import FORMAT, modules_of, read_json, unread

STATIC = "model2vec"
"""Reads a table of token vectors, to be averaged."""

TRANSFORMER = "txtal"
"""Reads BERT and its kin, with numpy; see :mod:`transformer`."""

WITH_TORCH = "sentence_transformers"
"""Reads everything else, with torch."""

_EXTRAS = {STATIC: "sentence", TRANSFORMER: "sentence", WITH_TORCH: "sentence-torch"}
_NEEDED = {TRANSFORMER: ("tokenizers", "safetensors")}
"""The packages that a reader needs, where it isn't one itself."""

_ORGANISATION = "sentence-transformers"
"""Whose models need no organisation before their name."""

_REPOSITORY = re.compile(r"\w[\w.-]*/\w[\w.-]*")

_DECIDING = (
    "modules.json",
    "config.json",
    "config_sentence_transformers.json",
    "sentence_*_config.json",
    "adapter_config.json",
    "tokenizer_config.json",
)
"""What decides the vectors, besides weights and tokens. A download may bring more, or bring it
later: pictures, other formats, a description."""

_WEIGHTS = (("*.safetensors",), ("*.bin",))
_TOKENS = (("tokenizer.json",), ("vocab.*", "merges.txt", "*.model"))
"""The first that are there are read, and the rest left alone."""


@dataclass(frozen=True, slots=True)
class Model:
    """One that was found."""

    name: str
    folder: Path
    library: str
    """What reads it: STATIC, TRANSFORMER or WITH_TORCH."""

    @property
    def digest(self) -> str:
        """SHA-256 of what decides its vectors, the same wherever the model lies.

        Raises LearnerError when it can't be read.
        """
        try:
            files = [(path, path.stat()) for path in _deciding(self.folder)]
            return _digest(self.folder, tuple((p, s.st_size, s.st_mtime_ns) for p, s in files))
        except OSError as error:
            raise LearnerError(
                f"the sentence model {self.name!r} can't be read: {error.filename}:"
                f" {error.strerror}; let this user read it, or get it again"
            ) from error

    @property
    def versions(self) -> list[str]:
        """What changes when its vectors may have."""
        ours = self.library == TRANSFORMER
        return [self.digest, self.library, FORMAT if ours else version(self.library)]


def find(name: str) -> Model:
    """The model of this name; nothing heavy is imported to find it.

    Raises UsageError when there is none, or more than one in the package of this name, and
    LearnerError when what reads it isn't installed.
    """
    for places in (_named, _packaged, _downloaded):
        found = [
            Model(name, folder, library) for folder in places(name) if (library := _library(folder))
        ]
        if len(found) > 1:
            every = ", ".join(str(model.folder) for model in found)
            raise UsageError(f"package {name!r} carries more than one model; name one of {every}")
        if found:
            return _readable(found[0])
    if not _REPOSITORY.fullmatch(_repository(name)):
        raise UsageError(f"no sentence model in {name!r}; name the folder with its config.json")
    raise UsageError(
        f"no sentence model {name!r}: no folder, installed package or download of that name holds"
        " one. txtal downloads nothing; install the package that carries it, or fetch it with:"
        f" hf download {_repository(name)}"
    )


def _readable(model: Model) -> Model:
    needed = _NEEDED.get(model.library, (model.library,))
    missing = [name.replace("_", "-") for name in needed if find_spec(name) is None]
    if missing:
        why = unread(model.folder) if model.library == WITH_TORCH else None
        raise LearnerError(
            f"the sentence model {model.name!r} needs {' and '.join(missing)}"
            + (f" ({why})" if why else "")
            + f", which isn't installed: pip install 'txtal[{_EXTRAS[model.library]}]'"
        )
    return model


def _named(name: str) -> list[Path]:
    try:
        return [Path(name).expanduser()]
    except RuntimeError:  # the home of a user there isn't
        return []


def _packaged(name: str) -> list[Path]:
    """Folders of models in the package, which may be named as pip does: with dashes."""
    module = name.replace("-", "_")
    try:
        found = find_spec(module) if module.isidentifier() else None
    except ValueError:  # __main__, and whatever else has no spec
        found = None
    roots = (found.submodule_search_locations or ()) if found else ()
    holding = [folder for root in roots for folder in _folders(Path(root)) if _library(folder)]
    return [folder for folder in holding if not any(other in folder.parents for other in holding)]


def _folders(root: Path) -> list[Path]:
    return sorted({path.parent for name in _DECIDING[:2] for path in root.rglob(name)})


def _downloaded(name: str) -> list[Path]:
    """The newest download in the cache that Hugging Face's tools share."""
    try:
        from huggingface_hub.constants import HF_HUB_CACHE
    except ImportError:
        return []
    cached = Path(HF_HUB_CACHE) / f"models--{_repository(name).replace('/', '--')}"
    try:
        revision = (cached / "refs" / "main").read_text("utf-8").strip()
    except (OSError, ValueError):
        return []
    return [cached / "snapshots" / revision]


def _repository(name: str) -> str:
    return name if "/" in name else f"{_ORGANISATION}/{name}"


def _library(folder: Path) -> str | None:
    """What reads the model in this folder; None when there is none in it."""
    modules = modules_of(folder)
    if modules:
        kinds = [str(module.get("type")).rpartition(".")[2] for module in modules]
        static = kinds[0] == "StaticEmbedding" and set(kinds[1:]) <= {"Normalize"}
        return STATIC if static else _transformer(folder)
    config = read_json(folder / "config.json")
    kind = config.get("model_type") if isinstance(config, dict) else None
    return (STATIC if kind == STATIC else _transformer(folder)) if kind else None


def _transformer(folder: Path) -> str:
    return WITH_TORCH if unread(folder) else TRANSFORMER


def _deciding(folder: Path) -> list[Path]:
    parts = [folder, *(folder / str(module.get("path", "")) for module in modules_of(folder))]
    return sorted({path for part in parts for path in _deciding_in(part)})


def _deciding_in(part: Path) -> Iterator[Path]:
    for pattern in _DECIDING:
        yield from part.glob(pattern)
    for choices in (_WEIGHTS, _TOKENS):
        groups = ([path for pattern in some for path in part.glob(pattern)] for some in choices)
        yield from next(filter(None, groups), [])


@lru_cache(maxsize=8)
def _digest(folder: Path, files: tuple[tuple[Path, int, int], ...]) -> str:
    """Of the files' contents; their sizes and times are there to be asked again after a change."""
    digest = hashlib.sha256()
    for path, _, _ in files:
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        place = Path(os.path.relpath(path, folder)).as_posix()
        digest.update(f"{place} {content}\n".encode())
    return digest.hexdigest()
