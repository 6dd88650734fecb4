"""Runs every row of the fault table and prints it.

python -m tests.faults                 # full counts; about half an hour
python -m tests.faults --quick         # as CI runs them
python -m tests.faults 5 12 model      # some rows
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.faults.table import FAULTS, Fault

TESTS = Path(__file__).parents[1]


class Outcomes:
    """What pytest tells of every test, by its name in the table."""

    def __init__(self) -> None:
        self.tries: defaultdict[str, list[tuple[int, int, int]]] = defaultdict(list)
        self.skipped: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.removeprefix("tests/").partition("[")[0]
        counted = dict(report.user_properties).get("fault")
        if report.when == "teardown" and counted:
            self.tries[name].append(counted)
        elif report.failed and not (report.when == "teardown" and counted):
            self.tries[name].append((1, 0, 1))
        elif report.skipped:
            self.skipped[name] = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        elif report.when == "call" and not name.startswith("faults/"):
            self.tries[name].append((1, 0, 0))

    def row(self, fault: Fault) -> tuple[str, ...]:
        """The table's row: number, fault, tries, lost, wrong, note."""
        counts = [
            count
            for test in fault.tests
            for name, found in self.tries.items()
            if name == test or name.startswith(f"{test}::")
            for count in found
        ]
        sums = [sum(column) for column in zip(*counts, strict=True)] or [0, 0, 0]
        skipped = [self.skipped[test] for test in fault.tests if test in self.skipped]
        notes = "; ".join(filter(None, [fault.note, *skipped]))
        return (fault.number, fault.name, *(f"{number:,}" for number in sums), notes)


def main(words: list[str]) -> int:
    """Returns pytest's exit code."""
    quick = "--quick" in words
    rows = [word for word in words if word != "--quick"]
    faults = [fault for fault in FAULTS if not rows or fault.number in rows]
    os.environ["TXTAL_FAULTS"] = "quick" if quick else "full"
    outcomes = Outcomes()
    tests = dict.fromkeys(str(TESTS / test) for fault in faults for test in fault.tests)
    options = ["-q", "-m", "", "-n", "0", "-p", "no:cacheprovider", "-o", "timeout=3600"]
    code = pytest.main([*options, *tests], plugins=[outcomes])
    print("\n| # | fault | tries | lost | wrong | |\n| --- | --- | ---: | ---: | ---: | --- |")
    for fault in faults:
        print(f"| {' | '.join(outcomes.row(fault))} |")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
