"""Modules and functions are small enough to be read at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.support.processes import ROOT

MAX_MODULE_LINES = 200
MAX_TABLE_LINES = 300
MAX_FUNCTION_LINES = 40
# Tables, which are longer: the rules of the diagnosis, the texts of the simulator's faults, and the keys of a target.
TABLES = {"diagnosis/rules.py", "settings/target_keys.py", "simulator/fault_texts.py"}
MODULES = {
    str(path.relative_to(ROOT / "exporter")): path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "exporter").rglob("*.py"))
}


def functions(source: str) -> Iterator[tuple[str, int]]:
    """Name and length of every function, with its decorators left out."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_modules_have_at_most_200_lines_and_tables_300() -> None:
    lines = {name: source.count("\n") for name, source in MODULES.items()}
    limits = {name: MAX_TABLE_LINES if name in TABLES else MAX_MODULE_LINES for name in MODULES}
    assert {name: count for name, count in lines.items() if count > limits[name]} == {}


def test_every_table_needs_its_exception() -> None:
    assert {name for name in TABLES if MODULES[name].count("\n") <= MAX_MODULE_LINES} == set()


def test_functions_have_at_most_40_lines() -> None:
    long = [
        (module, name, count)
        for module, source in MODULES.items()
        for name, count in functions(source)
        if count > MAX_FUNCTION_LINES
    ]
    assert long == []
