"""The command line agrees with a model in plain Python; 2,000 runs by its own command."""

from __future__ import annotations

import pytest

from tests.faults import model
from tests.faults.conftest import Tries, many


def test_a_handful_of_runs_agree(tries: Tries) -> None:
    with tries.one():
        model.run(4, steps=6)
    tries.tries = model.CommandLine.runs


@pytest.mark.slow
@pytest.mark.timeout(14_400)
def test_many_runs_agree(tries: Tries) -> None:
    with tries.one():
        model.run(many(100, 2000))
    tries.tries = model.CommandLine.runs
