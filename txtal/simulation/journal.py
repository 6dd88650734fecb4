"""Finished runs kept in a file, so that an interrupted plan continues where it stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from txtal.errors import DataError, TxtalError
from txtal.formats.bounded import read_small
from txtal.simulation.annotator import Labelled, task_of
from txtal.simulation.runs import Config, Full, Plan, Run
from txtal.tempfiles import grow, sync

_SCORES = "all labels"
"""What runs are measured over: earlier journals left out labels that the pool lacks."""


def fixed(pool: Labelled, test: Labelled, plan: Plan) -> dict[str, Any]:
    """What all runs of one journal have in common."""
    code = plan.settings.code
    return {
        "txtal": metadata.version("txtal"),
        "scores": _SCORES,
        "source": pool.digest,
        "test": test.digest,
        "task": task_of(pool),
        "budget": plan.budget,
        "points": plan.points,
        "audit": plan.settings.audit,
        "code": hashlib.sha256(Path(code).read_bytes()).hexdigest() if code else None,
        **_quota(plan),
        **({"robust": True} if plan.settings.robust else {}),
        **({} if plan.settings.names else {"names": False}),
    }


def _quota(plan: Plan) -> dict[str, Any]:
    if plan.patterns is None or not plan.patterns_share:
        return {}
    held = hashlib.sha256(plan.patterns.read_bytes()).hexdigest()
    return {"patterns": held, "patterns_share": plan.patterns_share}


@dataclass
class Journal:
    """Finished runs, each a line of JSON in a file if there is one."""

    path: Path | None = None
    runs: dict[tuple[Config, int], Run] = field(default_factory=dict)
    fulls: dict[str, Full] = field(default_factory=dict)

    @classmethod
    def resume(cls, path: Path, header: Mapping[str, Any]) -> Journal:
        """The journal in ``path``, begun if need be; a line that was cut off by a kill is dropped.

        Raises DataError when it is no journal, or one of other data or settings; TxtalError when
        it can't be read or written.
        """
        journal = cls(path)
        first = _line(header)
        try:
            held = read_small(path) if path.exists() else b""
            whole = held[: held.rfind(b"\n") + 1]
            if not whole and not first.startswith(held):
                raise DataError(f"{path} is no journal of txtal simulate; name another file")
            if whole:
                journal._take(whole.splitlines(), header)
            if len(whole) < len(held):
                with grow(path) as file:
                    file.truncate(len(whole))
            if not whole:
                journal._append(header)
        except OSError as error:
            raise TxtalError(f"{path} can't be used: {error.strerror or error}") from error
        return journal

    def _take(self, lines: Sequence[bytes], header: Mapping[str, Any]) -> None:
        began = _loaded(lines[0])
        if began is None or began.keys() != header.keys():
            raise DataError(f"{self.path} is no journal of txtal simulate; name another file")
        for key, value in header.items():
            if began[key] != value:
                raise DataError(f"{self.path} was begun with {_difference(key, began[key], value)}")
        for number, line in enumerate(lines[1:], start=2):
            try:
                self._remember(_loaded(line) or {})
            except (KeyError, TypeError, ValueError):
                raise DataError(f"{self.path}:{number}: not a run; delete the line") from None

    def _remember(self, said: Mapping[str, Any]) -> None:
        if "full" in said:
            self.fulls[str(said["vectoriser"])] = Full(**said["full"])
        else:
            run = Run.of_json(said)
            self.runs[run.config, run.seed] = run

    def add_run(self, run: Run) -> None:
        """Keep a finished run."""
        self.runs[run.config, run.seed] = run
        self._append(run.to_json())

    def add_full(self, vectoriser: str, full: Full) -> None:
        """Keep what all labels give with these features."""
        self.fulls[vectoriser] = full
        self._append({"vectoriser": vectoriser, "full": asdict(full)})

    def _append(self, said: Mapping[str, Any]) -> None:
        if self.path is None:
            return
        try:
            with grow(self.path) as file:
                file.write(_line(said))
                sync(file)
        except OSError as error:
            raise TxtalError(f"{self.path} can't be written: {error.strerror or error}") from error


def _line(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said).encode() + b"\n"


def _loaded(line: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _difference(key: str, before: object, now: object) -> str:
    if key in ("source", "test", "code"):
        what = {"source": "another SOURCE", "test": "another --test", "code": "other --code"}[key]
    else:
        what = f"{key} {before}, not {now}"
    return f"{what}; name another file, or do as you did then"
