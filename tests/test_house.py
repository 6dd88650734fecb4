"""How large the parts of the code may grow, and that a class's name stands for one thing."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "txtal"
MODULES = {
    str(path.relative_to(PACKAGE)): ast.parse(path.read_text("utf-8"))
    for path in sorted(PACKAGE.rglob("*.py"))
}


def classes() -> Iterator[tuple[str, ast.ClassDef]]:
    for module, tree in MODULES.items():
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
    sizes = {module: len((PACKAGE / module).read_text("utf-8").splitlines()) for module in MODULES}
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
        for module, tree in MODULES.items()
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
        for module, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assert)
    ]
    assert found == []
