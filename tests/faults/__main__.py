"""Runs every row of the fault table and prints each as soon as it has ended.

python -m tests.faults                 # full counts; some hours
python -m tests.faults --quick         # as CI runs them, on two cores
python -m tests.faults 5 12 model      # some rows
python -m tests.faults 25 --times 20   # a row again and again, to find what fails now and then
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

from tests.faults.table import FAULTS, Fault

TESTS = Path(__file__).parents[1]


class Outcomes:
    """What pytest tells of every test, by its name in the table; a row is printed with its last."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.tries: defaultdict[str, list[tuple[int, int, int]]] = defaultdict(list)
        self.skipped: dict[str, str] = {}
        self.running: dict[str, float] = {}
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
        if report.failed:
            self.wrong.append(report.nodeid)
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
        """The table's row: number, fault, tries, lost, wrong, note."""
        counts = [
            count for name, found in self.tries.items() if _is_of(name, fault) for count in found
        ]
        sums = [sum(column) for column in zip(*counts, strict=True)] or [0, 0, 0]
        skipped = [self.skipped[test] for test in fault.tests if test in self.skipped]
        notes = "; ".join(filter(None, [fault.note, *dict.fromkeys(skipped)]))
        return (fault.number, fault.name, *(f"{number:,}" for number in sums), notes)

    def finish(self) -> None:
        """Say how long it took, and which rows were cut off or failed, in which tests."""
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
    """Returns pytest's exit code."""
    asked = argparse.ArgumentParser(prog="python -m tests.faults")
    asked.add_argument("rows", nargs="*", metavar="ROW")
    asked.add_argument("--quick", action="store_true", help="few tries of each, on two cores")
    asked.add_argument("--times", type=int, default=1, help="run the rows so many times")
    given = asked.parse_args(words)
    faults = [fault for fault in FAULTS if not given.rows or fault.number in given.rows]
    os.environ["TXTAL_FAULTS"] = "quick" if given.quick else "full"
    tests = dict.fromkeys(str(TESTS / test) for fault in faults for test in fault.tests)
    cores = ["-n", "2" if given.quick else "0"]
    marked = ["-m", ""]
    options = ["-q", "--no-header", "--tb=short", *marked, *cores, "-p", "no:cacheprovider"]
    code = 0
    for _ in range(given.times):
        outcomes = Outcomes(faults)
        print("| # | fault | tries | lost | wrong | |\n| --- | --- | ---: | ---: | ---: | --- |")
        try:
            ended = pytest.main([*options, "-o", "timeout=14400", *tests], plugins=[outcomes])
            code = code or int(ended)
        finally:
            for fault in faults:
                if not outcomes.running and not any(outcomes._open.get(fault.number, {"?"})):
                    outcomes.print_row(fault)
            outcomes.finish()
    return code


if __name__ == "__main__":
    sys.exit(main())
