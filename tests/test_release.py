"""What is released: built, checked, and installed by whatever installer is there."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

pytestmark = pytest.mark.slow


def needs(module: str) -> pytest.MarkDecorator:
    missing = importlib.util.find_spec(module) is None
    return pytest.mark.skipif(missing, reason=f"needs {module}, of the extra release")


def run(*words: str | Path, **env: str) -> str:
    ran = subprocess.run(
        [*map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **env},
        timeout=1800,
    )
    assert ran.returncode == 0, f"{ran.stdout[-2000:]}\n{ran.stderr[-2000:]}"
    return ran.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (found,) = built.glob("*.whl")
    return found


@needs("build")
def test_the_wheel_and_the_sdist_hold_what_they_should(built: Path, wheel: Path) -> None:
    version = PROJECT["version"]
    assert wheel.name == f"txtal-{version}-py3-none-any.whl"
    names = set(ZipFile(wheel).namelist())
    assert {"txtal/py.typed", "txtal/_recipes/teach.py", "txtal/_sample_data/labels.txt"} <= names
    assert not [name for name in names if name.startswith(("tests/", "docs/"))]
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    assert {"README.md", "LICENSE", "docs/changes.md", "tests/test_release.py"} <= inside


@needs("build")
@needs("twine")
def test_an_index_would_take_it(built: Path) -> None:
    assert "PASSED" in run(sys.executable, "-m", "twine", "check", "--strict", *built.iterdir())


@needs("build")
@needs("check_wheel_contents")
def test_the_wheel_is_as_wheels_are(wheel: Path) -> None:
    run(sys.executable, "-m", "check_wheel_contents", wheel)


@needs("build")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("tool", ["pip", "uv", "pipx"])
def test_it_is_installed_by(tool: str, wheel: Path, tmp_path: Path) -> None:
    """By pipx whole, from an index; by the others without what it depends on, which is here."""
    if tool != "pip" and shutil.which(tool) is None:
        pytest.skip(f"{tool} is not on this machine")
    place = tmp_path / "venv"
    if tool == "pipx":
        env = {"PIPX_HOME": str(tmp_path / "home"), "PIPX_BIN_DIR": str(tmp_path / "bin")}
        run("pipx", "install", "--python", sys.executable, wheel, **env)
        program = tmp_path / "bin" / "txtal"
    else:
        run(sys.executable, "-m", "venv", place)
        python = place / "bin" / "python"
        if tool == "pip":
            run(python, "-m", "pip", "install", "--no-deps", wheel)
        else:
            run("uv", "pip", "install", "--no-deps", "--python", python, wheel)
        program = place / "bin" / "txtal"
        (site,) = place.glob("lib/python*/site-packages")
        import click

        (site / "borrowed.pth").write_text(f"{Path(click.__file__).parents[1]}\n")
    assert f"txtal {PROJECT['version']}" in run(program, "--version")
    assert "teach" in run(program, "recipes")


@needs("click_man")
def test_every_command_has_a_man_page(tmp_path: Path) -> None:
    run(sys.executable, ROOT / "docs" / "man.py", tmp_path)
    pages = {one.name for one in tmp_path.iterdir()}
    assert {"txtal.1", "txtal-teach.1", "txtal-serve.1", "txtal-hooks-list.1"} <= pages


def test_the_changes_begin_with_this_version() -> None:
    text = (ROOT / "docs" / "changes.md").read_text("utf-8")
    heading = next(line for line in text.splitlines() if line.startswith("## "))
    assert heading.split()[1] == PROJECT["version"]
