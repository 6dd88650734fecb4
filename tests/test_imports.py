"""The contracts on imports cover the whole package: the linter on a copy with a line too many."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINTER = Path(sys.executable).with_name("lint-imports")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The package and its contracts, to be spoilt."""
    python_only = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(ROOT / "txtal", tmp_path / "txtal", ignore=python_only)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder: Path) -> tuple[int, str]:
    ran = subprocess.run(
        [LINTER, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )
    return ran.returncode, ran.stdout


def spoil(folder: Path, module: str, line: str) -> None:
    path = folder.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    path.write_text(f"{path.read_text('utf-8')}\n{line}\n", "utf-8")


def modules(folder: Path) -> list[str]:
    """Every module of the package."""
    files = (path.relative_to(folder).with_suffix("") for path in folder.glob("txtal/**/*.py"))
    return sorted(".".join(file.parts).removesuffix(".__init__") for file in files)


def found(said: str, library: str) -> set[str]:
    """The modules that are said to import a library against the rules."""
    return set(re.findall(rf"-\s+([\w.]+) -> {library} ", said))


def test_the_screens_library_is_found_anywhere_but_on_the_screen(copy: Path) -> None:
    code, said = lint(copy)
    assert code == 0, said
    spoilt = {"txtal.text", "txtal.recipes.patterns", "txtal.vectors"}
    for module in (*spoilt, "txtal.ui.app"):
        spoil(copy, module, "import prompt_toolkit.styles")
    code, said = lint(copy)
    assert code == 1
    assert "Only the screen knows prompt_toolkit BROKEN" in said
    assert found(said, "prompt_toolkit") == spoilt


def test_every_library_is_found_in_any_module_but_its_own(copy: Path) -> None:
    own = {
        "prompt_toolkit": r"txtal\.ui\.\w+",
        "spacy": r"txtal\.(vectors\.(pipeline|tokens)|formats\.(readers|writers)\.docbin)",
        "sqlite3": r"txtal\.store\.sqlite",
        "pyarrow": r"txtal\.formats\.(parquet|writers\.arrow)",
        "distributed": r"txtal\.engine\.cluster",
        "click": r"txtal\.cli(\.\w+)?",
    }
    everywhere = modules(copy)
    for module in everywhere:
        spoil(copy, module, f"import {', '.join(own)}")
    _, said = lint(copy)
    for library, home in own.items():
        others = {module for module in everywhere if not re.fullmatch(home, module)}
        assert found(said, library) == others, library
