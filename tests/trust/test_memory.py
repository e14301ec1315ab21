"""Caches and histories are bounded in bytes: new worst cases in every round let memory grow by little."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.support.fed_caches import FEEDERS
from tests.support.processes import ROOT

_MOST_MEBIBYTES = 20.0
_DECORATORS = {"cache", "lru_cache", "cached"}
# Every cache of the exporter, and which of the feeders fills it.
FED = {
    "operations/responses.py: kept": "parsed responses",
    "operations/configuration.py: read": "parsed responses",
    "operations/health.py: read": "parsed responses",
    "certificates.py: _kept": "certificates",
    "exposition/labels.py: escape": "label values",
    "exposition/labels.py: subject": "label values",
    "exposition/template.py: template": "history, incidents and pages",
}
# Caches whose keys are no foreign text.
OWN_KEYS = {
    "metrics.py: _shape": "values of labels that have few",
    "metrics.py: _states": "enumerations of the code",
    "exposition/table.py: _columns": "the metrics of the code",
    "exposition/template.py: count_figure": "numbers",
    "exposition/catalogue/requests.py: _foreseen": "the tuples of operations, and paths",
    "operations/__init__.py: _applicable": "names of operations",
    "settings/certificates.py: _has_certificate": "files of the configuration",
    "state/runs.py: _states": "enumerations of the code",
    "client/unverified.py: _installed_at": "nothing",
    "version.py: revision": "nothing",
}


def caches() -> Iterator[str]:
    """Yield the module and name of everything that is decorated as a cache, or made as a bounded one."""
    for file in sorted((ROOT / "exporter").rglob("*.py")):
        where = file.relative_to(ROOT / "exporter").as_posix()
        if where.startswith("simulator/"):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                names = {
                    part.id
                    for each in node.decorator_list
                    for part in ast.walk(each)
                    if isinstance(part, ast.Name)
                }
                names |= {
                    part.attr
                    for each in node.decorator_list
                    for part in ast.walk(each)
                    if isinstance(part, ast.Attribute)
                }
                if names & _DECORATORS:
                    yield f"{where}: {node.name}"
            elif isinstance(node, ast.AnnAssign) and "BoundedCache(" in ast.unparse(node):
                yield f"{where}: {ast.unparse(node.target)}"


@pytest.fixture(scope="module")
def growth() -> dict[str, float]:
    """By how many mebibytes each feeder lets a process grow."""
    command = (sys.executable, "-m", "tests.support.fed_caches")
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    return {
        name: float(number)
        for number, _, name in (line.partition(" ") for line in printed.stdout.splitlines())
    }


def test_every_cache_is_fed_or_has_keys_of_its_own() -> None:
    assert set(caches()) == FED.keys() | OWN_KEYS.keys()
    assert set(FED.values()) <= FEEDERS.keys()


@pytest.mark.parametrize("name", FEEDERS)
def test_a_hundred_rounds_of_new_worst_cases_let_memory_grow_by_little(
    growth: dict[str, float], name: str
) -> None:
    assert growth[name] < _MOST_MEBIBYTES
