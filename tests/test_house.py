"""How large the parts of the code may grow, and that a class's name stands for one thing."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "txtal"


@cache
def modules() -> dict[str, ast.Module]:
    """Return each module, parsed, by its path in the package."""
    return {
        str(path.relative_to(PACKAGE)): ast.parse(path.read_text("utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def classes() -> Iterator[tuple[str, ast.ClassDef]]:
    for module, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                yield module, node


def fields(of: ast.ClassDef) -> set[str]:
    """Those of a dataclass, and what any of its methods sets."""
    declared = {
        node.target.id
        for node in of.body
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and "ClassVar" not in ast.unparse(node.annotation)
    }
    assigned = {
        node.attr
        for node in ast.walk(of)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }
    return declared | assigned


def test_no_module_is_longer_than_400_lines() -> None:
    sizes = {
        module: len((PACKAGE / module).read_text("utf-8").splitlines()) for module in modules()
    }
    assert {module: size for module, size in sizes.items() if size > 400} == {}


def test_no_class_is_longer_than_250_lines_or_has_more_than_12_fields() -> None:
    found = {
        f"{module}: {one.name}": (size, len(fields(one)))
        for module, one in classes()
        if (size := (one.end_lineno or 0) - one.lineno + 1) > 250 or len(fields(one)) > 12
    }
    assert found == {}


def test_no_command_takes_more_than_ten_arguments() -> None:
    """Options that belong together are gathered in a dataclass."""
    found = {
        f"{module}: {node.name}": count
        for module, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and (count := len(node.args.args) + len(node.args.kwonlyargs)) > 10
    }
    assert found == {}


def test_the_name_of_a_class_stands_for_one_thing() -> None:
    places = defaultdict(list)
    for module, one in classes():
        places[one.name.strip("_")].append(module)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_no_assert_stands_for_an_optional_that_should_not_be_one() -> None:
    found = [
        f"{module}:{node.lineno}"
        for module, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assert)
    ]
    assert found == []


# --- docs/architecture.md -----------------------------------------------------------------------

PAGE = (PACKAGE.parent / "docs" / "architecture.md").read_text("utf-8")
ROOMS = PAGE.partition("\n## Rooms")[2].partition("\n## ")[0]


def rooms() -> dict[str, str]:
    """The packages and modules at the top, with the first paragraph of each's docstring."""
    found = {}
    for path in sorted(PACKAGE.iterdir()):
        module = path / "__init__.py" if path.is_dir() else path
        if module.is_file() and module.suffix == ".py" and not path.stem.startswith("__"):
            said = ast.get_docstring(ast.parse(module.read_text("utf-8"))) or ""
            name = f"{path.name}/" if path.is_dir() else path.name
            found[name] = " ".join(said.partition("\n\n")[0].split())
    return found


def test_a_newcomer_finds_every_room_in_the_documentation_in_the_order_of_imports() -> None:
    listed = dict(re.findall(r"^\| `([\w.]+/?)` \| (.+) \|$", ROOMS, re.MULTILINE))
    assert listed == rooms()
    contracts = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text("utf-8"))
    layers = contracts["tool"]["importlinter"]["contracts"][0]["layers"]
    ordered = [name.removeprefix("txtal.") for layer in layers for name in layer.split(" | ")]
    assert [name.removesuffix(".py").rstrip("/") for name in listed] == ordered


def test_few_modules_stand_outside_of_the_rooms() -> None:
    assert len([name for name in rooms() if name.endswith(".py")]) <= 7


def test_every_module_that_the_documentation_names_is_there() -> None:
    for room, said in re.findall(r"^- \*\*(\w+)\*\*: (.*?)(?=^- |^$)", ROOMS, re.DOTALL | re.M):
        for name in re.findall(r"`(\w+)`", said):
            place = PACKAGE / room / name
            assert place.is_dir() or place.with_suffix(".py").is_file(), f"{room}: {name}"
    for path in re.findall(r"`(?:txtal/)?([a-z_]+/[a-z_/]*\.py|launch\.py)`", PAGE):
        assert (PACKAGE / path).is_file() or (PACKAGE.parent / path).is_file(), path


def test_every_function_on_the_ways_through_the_code_is_there() -> None:
    ways = PAGE.partition("\n## The way of an answer")[2].partition("\n## Which SQLite")[0]
    ways = re.sub(r"## A million tickets.*?(?=\n## |$)", "", ways, flags=re.DOTALL)
    methods = {
        f"{one.name}.{node.name}"
        for _, one in classes()
        for node in one.body
        if isinstance(node, ast.FunctionDef)
    }
    named = set(re.findall(r"`([A-Z]\w+\.\w+)`", ways))
    assert len(named) > 5
    assert named <= methods
