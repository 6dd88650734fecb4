"""Runs every row of the fault table and prints each as soon as it has ended.

python -m tests.faults --cores 2       # full counts; most of an hour
python -m tests.faults --quick         # as CI runs them, on two cores
python -m tests.faults 5 12 model      # some rows
python -m tests.faults --rows 20 25 --repeat 20   # rows again and again: what fails now and then?

Whatever ends it but SIGKILL, the rows that were not finished are named, and the tests that ran.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.faults import end_in_order
from tests.faults.table import FAULTS, Fault

TESTS = Path(__file__).parents[1]


class Outcomes:
    """What pytest tells of every test, by its name in the table; a row is printed with its last."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.tries: defaultdict[str, list[tuple[int, int, int]]] = defaultdict(list)
        self.skipped: dict[str, str] = {}
        self.running: dict[str, float] = {}
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.wrong: list[str] = []
        self._began = time.monotonic()
        self._faults = list(faults)
        self._open: dict[str, set[str]] = {}
        self._printed: set[str] = set()

    # --- what is to come --------------------------------------------------------------------

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._expect(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: Sequence[str]) -> None:
        if not self._open:
            self._expect(ids)

    def _expect(self, ids: Iterable[str]) -> None:
        names = [_name(one) for one in ids]
        for fault in self._faults:
            self._open[fault.number] = {one for one in names if _is_of(one, fault)}

    # --- what comes -------------------------------------------------------------------------

    def pytest_runtest_logstart(self, nodeid: str, location: object) -> None:
        self.running[nodeid] = time.monotonic()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = _name(report.nodeid).partition("[")[0]
        counted = dict(report.user_properties).get("fault")
        self.seconds[name] += report.duration
        if report.failed:
            self.wrong.append(report.nodeid)
            reason = str(report.longrepr).strip().splitlines()[-1:]
            print(f"\rfailed: {report.nodeid}: {' '.join(reason)[:300]}", flush=True)
        if report.when == "teardown" and counted:
            self.tries[name].append(counted)
        elif report.failed:
            self.tries[name].append((1, 0, 1))
        elif report.skipped:
            self.skipped[name] = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        elif report.when == "call" and not name.startswith("faults/"):
            self.tries[name].append((1, 0, 0))

    def pytest_runtest_logfinish(self, nodeid: str, location: object) -> None:
        self.running.pop(nodeid, None)
        for fault in self._faults:
            left = self._open.get(fault.number, set())
            left.discard(_name(nodeid))
            if not left and fault.number not in self._printed:
                self.print_row(fault)

    # --- what is printed --------------------------------------------------------------------

    def print_row(self, fault: Fault) -> None:
        """Print a row of the table, once."""
        if fault.number not in self._printed:
            self._printed.add(fault.number)
            print(f"\r| {' | '.join(self.row(fault))} |", flush=True)

    def row(self, fault: Fault) -> tuple[str, ...]:
        """The table's row: number, fault, tries, lost, wrong, seconds in its tests, note."""
        counts = [
            count for name, found in self.tries.items() if _is_of(name, fault) for count in found
        ]
        sums = [sum(column) for column in zip(*counts, strict=True)] or [0, 0, 0]
        skipped = [self.skipped[test] for test in fault.tests if test in self.skipped]
        notes = "; ".join(filter(None, [fault.note, *dict.fromkeys(skipped)]))
        spent = sum(spent for name, spent in self.seconds.items() if _is_of(name, fault))
        sums.append(round(spent))
        return (fault.number, fault.name, *(f"{number:,}" for number in sums), notes)

    def finish(self) -> None:
        """Say how long it took, and which rows were cut off or failed, in which tests."""
        if not self.running:
            for fault in self._faults:
                if not self._open.get(fault.number, {"?"}):
                    self.print_row(fault)
        print(f"\n{time.monotonic() - self._began:,.0f} s")
        for fault in self._faults:
            if fault.number not in self._printed:
                print(f"row {fault.number}, {fault.name}: not finished")
        for test, began in self.running.items():
            print(f"was running: {test}, for {time.monotonic() - began:,.0f} s")
        for test in dict.fromkeys(self.wrong):
            rows = [fault.number for fault in self._faults if _is_of(_name(test), fault)]
            print(f"failed: {test} (row {', '.join(rows)})")


def _name(nodeid: str) -> str:
    return nodeid.removeprefix("tests/")


def _is_of(name: str, fault: Fault) -> bool:
    plain = name.partition("[")[0]
    return any(plain == test or plain.startswith(f"{test}::") for test in fault.tests)


def main(words: Sequence[str] | None = None) -> int:
    """Returns pytest's exit code; of several runs that of the first that failed."""
    asked = argparse.ArgumentParser(prog="python -m tests.faults")
    asked.add_argument("rows", nargs="*", metavar="ROW")
    asked.add_argument("--rows", nargs="+", metavar="ROW", dest="named", default=[])
    asked.add_argument("--quick", action="store_true", help="few tries of each, on two cores")
    asked.add_argument("--cores", type=int, help="run on so many; else one, or with --quick two")
    asked.add_argument("--repeat", type=int, default=1, help="run the rows so many times")
    given = asked.parse_args(words)
    rows = {*given.rows, *given.named}
    unknown = rows - {fault.number for fault in FAULTS}
    if unknown:
        asked.error(f"there is no row {', '.join(sorted(unknown))}")
    faults = [fault for fault in FAULTS if not rows or fault.number in rows]
    os.environ["TXTAL_FAULTS"] = "quick" if given.quick else "full"
    cores = given.cores or (2 if given.quick else 1)
    end_in_order()
    code = 0
    for _ in range(given.repeat):
        ended = _run(faults, cores if cores > 1 else 0)
        code = code or ended
        if ended == pytest.ExitCode.INTERRUPTED:
            break
    return code


def _run(faults: Sequence[Fault], cores: int) -> int:
    """Run the rows once; return pytest's exit code."""
    tests = dict.fromkeys(str(TESTS / test) for fault in faults for test in fault.tests)
    options = ["-q", "--no-header", "--tb=short", "-m", "", "-n", str(cores)]
    options += ["--dist", "worksteal"] if cores else []
    outcomes = Outcomes(faults)
    print("| # | fault | tries | lost | wrong | s | |")
    print("| --- | --- | ---: | ---: | ---: | ---: | --- |", flush=True)
    try:
        plugins = ["-p", "no:cacheprovider", "-o", "timeout=14400"]
        return int(pytest.main([*options, *plugins, *tests], plugins=[outcomes]))
    except KeyboardInterrupt:  # while the tests were looked for
        return int(pytest.ExitCode.INTERRUPTED)
    finally:
        outcomes.finish()


if __name__ == "__main__":
    sys.exit(main())
