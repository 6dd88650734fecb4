"""``--split``: the parts of an export, where each is written, and which ticket goes to which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from txtal.errors import UsageError
from txtal.formats.compression import uncompressed

if TYPE_CHECKING:
    from txtal.formats.exports import ExportFormat
    from txtal.formats.rows import ExportRow

_NAMES = {2: ("train", "test"), 3: ("train", "dev", "test")}


@dataclass(frozen=True, slots=True)
class Split:
    """The parts there are, by name, with the fraction each is to have."""

    shares: Mapping[str, float]
    seed: int = 0

    def assign(self, rows: Iterator[ExportRow]) -> dict[int, str]:
        """The part of each ticket by its id.

        Each label is spread over the parts, and texts that are nearly the same go to one.
        """
        from txtal.learning.split import split

        ids: list[int] = []
        labels: list[tuple[str, ...]] = []

        def texts() -> Iterator[str]:
            for row in rows:
                ids.append(row.ticket.id)
                applies = row.answer.verdict == "accept"
                labels.append(row.labels if applies else (row.answer.verdict,))
                yield row.ticket.text

        # The texts are read first, and with them the labels.
        names = list(self.shares)
        parts = split(texts(), labels, list(self.shares.values()), self.seed)
        return dict(zip(ids, (names[part] for part in parts), strict=True))


def parsed(text: str, seed: int) -> Split:
    """The split that ``80,10,10`` or ``80,20`` names. Raises UsageError for anything else."""
    try:
        shares = [float(part) for part in text.split(",")]
    except ValueError:
        shares = []
    if len(shares) not in _NAMES or not all(0 < share < float("inf") for share in shares):
        raise UsageError(
            f"--split {text!r} is no split: give the parts to train and test on, as in 80,20, or "
            "to train, tune and test on, as in 80,10,10"
        )
    whole = sum(shares)
    names = _NAMES[len(shares)]
    return Split({name: one / whole for name, one in zip(names, shares, strict=True)}, seed)


def places(row: ExportFormat, output: Path, split: Split) -> dict[str, Path]:
    """The file of each part: ``x-train.csv`` of ``x.csv``, or ``train.csv`` in a folder ``x``."""
    name = uncompressed(output.name)
    suffix = next((one for one in row.suffixes if name.lower().endswith(one)), "")
    if row.folder or output.is_dir() or not (suffix or Path(name).suffix):
        return {part: output / f"{part}{row.suffix}" for part in split.shares}
    suffix = suffix or Path(name).suffix
    stem, packed = name[: -len(suffix)], output.name[len(name) :]
    ending = name[-len(suffix) :] + packed
    return {part: output.with_name(f"{stem}-{part}{ending}") for part in split.shares}
