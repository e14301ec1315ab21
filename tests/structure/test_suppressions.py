"""Exceptions from the checks of types and style stay few: their numbers do not grow, and each has its reason."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

import pytest

from tests.support.processes import ROOT

EXPORTER = ("exporter",)
EVERYWHERE = ("exporter", "tests", "tools", "grafana", "bench", "deploy")
_NOQA = re.compile(r"#\s*noqa\b")
_REASON = re.compile(r"#\s*noqa: [A-Z]+[0-9]+(?:, [A-Z]+[0-9]+)*(?: -)? \w")
_TYPE_IGNORE = re.compile(r"#\s*type: ignore\b")
_CAST = re.compile(r"\bcast\(")


def count_any(source: str) -> int:
    """How often code names `Any`, its import not counted."""
    if "Any" not in source:
        return 0
    return sum(isinstance(node, ast.Name) and node.id == "Any" for node in ast.walk(ast.parse(source)))


def count_noqa(source: str) -> int:
    """How many lines are excepted from a rule of ruff."""
    return len(_NOQA.findall(source))


def count_noqa_without_reason(source: str) -> int:
    """How many of them give no reason after the rule."""
    return sum(bool(_NOQA.search(line) and not _REASON.search(line)) for line in source.splitlines())


def count_type_ignore(source: str) -> int:
    """How many lines are excepted from mypy."""
    return len(_TYPE_IGNORE.findall(source))


def count_cast(source: str) -> int:
    """How many types are claimed rather than shown."""
    return len(_CAST.findall(source))


Count = Callable[[str], int]


def counts(count: Count, folders: tuple[str, ...]) -> dict[str, int]:
    """The number of each module that has any."""
    paths = (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    found = {str(path.relative_to(ROOT)): count(path.read_text(encoding="utf-8")) for path in paths}
    return {name: number for name, number in found.items() if number}


# A type, a rule or a file-wide exception with its reason in pyproject.toml is better. If a number falls, lower it here.
@pytest.mark.parametrize(
    ("count", "folders", "limit"),
    [
        (count_any, EXPORTER, 53),
        (count_noqa, EXPORTER, 25),
        (count_noqa, EVERYWHERE, 62),
        (count_noqa_without_reason, EVERYWHERE, 0),
        (count_type_ignore, EXPORTER, 6),
        (count_cast, EXPORTER, 0),
    ],
)
def test_exceptions_from_the_checks_do_not_grow(count: Count, folders: tuple[str, ...], limit: int) -> None:
    found = counts(count, folders)
    assert sum(found.values()) <= limit, found


@pytest.mark.parametrize(
    ("count", "source", "number"),
    [
        (count_any, "from typing import Any\nx: dict[str, Any] = {}\ndef f(a: Any) -> None: ...\n", 2),
        (count_any, '"""Any key may be absent."""\n', 0),
        (count_noqa, "x = 1  # " + "noqa: S104 - an example\n", 1),
        (count_noqa_without_reason, "x = 1  # " + "noqa: S104 - an example\n", 0),
        (count_noqa_without_reason, "x = 1  # " + "noqa: S104, S105 an example\n", 0),
        (count_noqa_without_reason, "x = 1  # " + "noqa: S104\n", 1),
        (count_noqa_without_reason, "x = 1  # " + "noqa: S104, S105\n", 1),
        (count_type_ignore, "x = 1  # " + "type: ignore[misc]\n", 1),
        (count_cast, "x = cast" + "(int, y)\n", 1),
    ],
)
def test_an_exception_is_counted(count: Count, source: str, number: int) -> None:
    assert count(source) == number
