"""What all metrics see of all targets, each target at one time, as tables. Pure.

There is a table for each kind of subject (targets, nodes, routes, the outcomes of an operation): a row for each
subject, a column for each metric. The columns of one name are a *family*.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any, NamedTuple, Never, TypeAlias

from exporter.diagnosis.checkup import Checkup
from exporter.exposition.catalogue import EXPORTER_METRICS, NODE_METRICS, ROUTE_METRICS, TARGET_METRICS
from exporter.exposition.labels import Subject, subject
from exporter.exposition.text_format import lines
from exporter.exposition.views import ExporterView, NodeView, RouteView, TargetView
from exporter.metrics import Metric, Scope
from exporter.operations import OPERATIONS, applicable
from exporter.operations.operation import Operation
from exporter.operations.outcome import Facts
from exporter.targets import Route

# The subjects of which something was seen, and what.
Column: TypeAlias = tuple[list[Subject], list[object]]


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """The metrics of one kind of subject, and what each sees of it."""

    metrics: tuple[Metric[Any], ...]
    sees: tuple[Callable[[Any], object], ...]


@cache
def _columns(metrics: tuple[Metric[Any], ...]) -> _Columns:
    """Return the columns for these metrics: operations with the same metrics share a table."""
    return _Columns(metrics, tuple(metric.see for metric in metrics))


def _of_operations(scope: Scope) -> dict[Operation[Facts], _Columns]:
    """Return the columns of each operation that has metrics of a scope."""
    in_scope = {
        operation: tuple(metric for metric in operation.metrics if metric.scope is scope)
        for operation in OPERATIONS
    }
    return {operation: _columns(metrics) for operation, metrics in in_scope.items() if metrics}


_EXPORTER, _TARGET = _columns(EXPORTER_METRICS), _columns(TARGET_METRICS)
_NODE, _ROUTE = _columns(NODE_METRICS), _columns(ROUTE_METRICS)
_FACTS, _OUTCOMES = _of_operations(Scope.TARGET), _of_operations(Scope.ROUTE)
_OF_OPERATIONS = (of[operation] for operation in OPERATIONS for of in (_FACTS, _OUTCOMES) if operation in of)
_KINDS = tuple(dict.fromkeys((_EXPORTER, _TARGET, _NODE, _ROUTE, *_OF_OPERATIONS)))
# A metric that is in several tables is one family all the same.
ALL_METRICS = tuple({metric.name: metric for kind in _KINDS for metric in kind.metrics}.values())


class _Place(NamedTuple):
    """The position of a family's column."""

    columns: _Columns
    number: int


def _places() -> dict[str, tuple[_Place, ...]]:
    found: dict[str, list[_Place]] = defaultdict(list)
    for columns in _KINDS:
        for number, metric in enumerate(columns.metrics):
            found[metric.name].append(_Place(columns, number))
    return {name: tuple(places) for name, places in found.items()}


_PLACES = _places()


class MetricTable:
    """The tables, filled target by target."""

    def __init__(self) -> None:
        self._tables: dict[_Columns, tuple[Column, ...]] = {
            columns: tuple(([], []) for _ in columns.sees) for columns in _KINDS
        }

    def add_exporter(self, view: ExporterView) -> None:
        """Add the metrics of the exporter itself."""
        self._add(_EXPORTER, subject(), view)

    def add_target(self, view: TargetView) -> None:
        """Add the metrics of a target, and of its nodes and routes."""
        name = view.target.name
        target = subject(Scope.TARGET.value, (name,))
        self._add(_TARGET, target, view)
        for node in view.state.node_names:
            self._add(_NODE, subject(Scope.NODE.value, (name, node)), NodeView(view, node))
        checkup, due = view.checkup, applicable(view.target)
        for route in view.state.routes:
            named = subject(Scope.ROUTE.value, (name, *route))
            self._add(_ROUTE, named, RouteView(view, route, checkup.connection(route) if checkup else None))
            if checkup is not None:
                self._add_outcomes(named, checkup, route, due)
        if checkup is not None:
            self._add_facts(target, checkup, due)

    def _add_facts(self, target: Subject, checkup: Checkup, due: Iterable[Operation[Facts]]) -> None:
        found = checkup.all_facts()
        for operation in due:
            if operation in _FACTS and operation.name in found:
                self._add(_FACTS[operation], target, found[operation.name])

    def _add_outcomes(
        self, named: Subject, checkup: Checkup, route: Route, due: Iterable[Operation[Facts]]
    ) -> None:
        for operation in due:
            seen = checkup.observation(route, operation.name) if operation in _OUTCOMES else None
            if seen is not None:
                self._add(_OUTCOMES[operation], named, seen.outcome)

    def _add(self, columns: _Columns, named: Subject, view: Any) -> None:
        for (subjects, seen), see in zip(self._tables[columns], columns.sees, strict=True):
            value = see(view)
            if value is not None:
                subjects.append(named)
                seen.append(value)

    def lines(self, metric: Metric[Never]) -> Iterator[str]:
        """Return the lines of one family; empty if nothing was seen."""
        columns = (self._tables[columns][number] for columns, number in _PLACES[metric.name])
        return chain.from_iterable(lines(metric, zip(*column, strict=True)) for column in columns)
