"""What `txtal --version` says."""

from __future__ import annotations

from importlib import metadata

from tests.cli.driving import Program
from txtal.cli.version import installed
from txtal.store.sqlite import sqlite


def test_the_version_names_sqlite_and_the_extras(txtal: Program) -> None:
    first, second, third = txtal.quick.ok("--version").out.splitlines()
    assert first == f"txtal {metadata.version('txtal')}"
    assert second.endswith(f"SQLite {sqlite.sqlite_version}")
    assert third.startswith("extras: ")
    assert "dev" not in third.split(": ")[1].split(", ")


def test_an_extra_is_there_when_all_of_it_is() -> None:
    assert installed([
        "click<9,>=8.3.1",
        "numpy>=2.0; extra == 'maths'",
        'scipy[all]>=1; extra == "maths"',
        "numpy>=2.0; (sys_platform == 'linux') and extra == 'half'",
        "no-such-package-at-all>=1; extra == 'half'",
        "pytest>=8; extra == 'dev'",
    ]) == ["maths"]  # fmt: skip
