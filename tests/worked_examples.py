"""The lines that docs/architecture.md shows for adding something, to be added by a test."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

PAGE = Path(__file__).parents[1] / "docs" / "architecture.md"


def worked_code(heading: str) -> ModuleType:
    """The first block of code below a heading as a module."""
    section = PAGE.read_text("utf-8").partition(f"\n{heading}\n")[2].partition("\n### ")[0]
    found = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert found, heading
    module = ModuleType("example")
    exec(compile(found[1], PAGE.name, "exec"), vars(module))
    return module


def worked_example(heading: str) -> tuple[ModuleType, str]:
    """The first block of code below a heading as a module, and the second, a row of a table."""
    section = PAGE.read_text("utf-8").partition(f"\n{heading}\n")[2].partition("\n### ")[0]
    return worked_code(heading), re.findall(r"```python\n(.*?)```", section, re.DOTALL)[1]
