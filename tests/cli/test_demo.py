"""``txtal demo``: a session on the sample tickets that leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.driving import Program


def test_a_demo_is_a_session_that_leaves_nothing(
    fresh: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aside = tmp_path / "aside"
    aside.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(aside))
    said = fresh.quick.ok("demo", "--plain", stdin="1\nq\n")
    assert "note: Which label fits" in said.out
    assert "#1, accept delivery" in said.out
    assert "txtal teach NAME FILE" in said.err
    assert list(aside.iterdir()) == []
    assert not (fresh.folder / fresh.db).exists()


def test_a_demo_needs_a_terminal_or_lines(fresh: Program) -> None:
    assert fresh.quick("demo").code == 2
