"""Whatever becomes of the learner, labelling goes on and every answer is kept."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Open
from tests.cli.driving import Program, until
from tests.faults.conftest import Tries, present

pytestmark = pytest.mark.slow

RECIPE = """
import ctypes, os, resource, signal, sys, time
import numpy as np
from txtal import Recipe, recipe, strategy

@strategy("faulty")
def faulty(pool):
    open("reached", "w").close()
    {fault}

@recipe("faulty")
def label(dataset: str) -> Recipe:
    \"\"\"Label with a strategy that fails.\"\"\"
    return Recipe(dataset, labels=["a", "b"], strategy="faulty", vectoriser="lexical")
"""

FAULTS = {
    "raises": "raise ValueError(pool.texts[0])",
    "returns nonsense": "return 'nonsense'",
    "is empty": "return np.zeros(0)",
    "exits": "os._exit(3)",
    "crashes": "ctypes.string_at(0)",
    "is killed": "os.kill(os.getpid(), signal.SIGKILL)",
    "hangs": "time.sleep(1e6)",
    "spins": "exec('while True: pass')",
    "runs out of memory": "resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30)); return"
    " np.ones(1 << 40)",
    "floods the pipe": "print('x' * 10_000_000); os.write(1, b'{}\\n' * 100_000); os._exit(1)",
    "closes its pipes": "os.close(0); os.close(1); time.sleep(1e6)",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_labelling_goes_on(txtal: Program, terminal: Open, tries: Tries, fault: str) -> None:
    (txtal.folder / "faulty.py").write_text(RECIPE.format(fault=FAULTS[fault]))
    txtal.file("t.jsonl", [{"text": f"ticket {n}"} for n in range(60)])
    txtal.ok("load", "d", "t.jsonl")
    one = terminal(txtal, "run", "faulty.py", "d")
    with tries.one(fault):
        one.wait("1-9 label")
        for number in range(1, 41):
            one.answer("12"[number % 2], number)
            if number == 30:  # there is a model, so that the strategy is asked
                until((txtal.folder / "reached").exists, "the fault")
        one.send("q")
        assert one.end() == 0
        present(len(txtal.exported()) == 40)
        assert "ticket" not in txtal.log
        assert txtal.ok("verify").out
