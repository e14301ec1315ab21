"""What all metrics see of all targets, each target at one time, as tables. Pure.

There is a table for each kind of subject (targets, nodes, routes, the outcomes of an operation): a row for each
subject, a column for each metric. The columns of one name are a *family*.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple, Never, TypeAlias

from exporter.diagnosis.checkup import Checkup
from exporter.exposition.catalogue import EXPORTER_METRICS, NODE_METRICS, ROUTE_METRICS, TARGET_METRICS
from exporter.exposition.text_format import Labels, escape, lines
from exporter.exposition.views import ExporterView, NodeView, RouteView, TargetView
from exporter.metrics import Metric, Scope
from exporter.operations import OPERATIONS, applicable
from exporter.operations.operation import Operation
from exporter.operations.outcome import Facts
from exporter.targets import Route

# The metrics of one kind of subject.
Columns: TypeAlias = tuple[Metric[Any], ...]
# The escaped name of the target (the exporter itself has none), and the labels that name the subject within it.
Name: TypeAlias = tuple[str, Labels]
# Of each table that has the family's column: the names of its rows, and what was seen of each, or None.
Family: TypeAlias = tuple[tuple[list[Name], list[Any]], ...]


def _in_scope(operation: Operation[Facts], scope: Scope) -> Columns:
    return tuple(metric for metric in operation.metrics if metric.scope is scope)


_OF_TARGET = {operation: _in_scope(operation, Scope.TARGET) for operation in OPERATIONS}
_OF_ROUTE = {operation: _in_scope(operation, Scope.ROUTE) for operation in OPERATIONS}
# Operations with the same metrics share a table.
_KINDS: tuple[Columns, ...] = tuple(
    dict.fromkeys(
        (
            EXPORTER_METRICS,
            TARGET_METRICS,
            NODE_METRICS,
            ROUTE_METRICS,
            *(
                columns
                for operation in OPERATIONS
                for columns in (_OF_TARGET[operation], _OF_ROUTE[operation])
            ),
        )
    )
)
# A metric that is in several tables is one family all the same.
ALL_METRICS: Columns = tuple({metric.name: metric for columns in _KINDS for metric in columns}.values())


class _Place(NamedTuple):
    """The position of a family's column."""

    columns: Columns
    number: int


def _places() -> dict[str, tuple[_Place, ...]]:
    found: dict[str, list[_Place]] = defaultdict(list)
    for columns in _KINDS:
        for number, metric in enumerate(columns):
            found[metric.name].append(_Place(columns, number))
    return {name: tuple(places) for name, places in found.items()}


_PLACES = _places()


class _Table(NamedTuple):
    names: list[Name]
    rows: list[tuple[Any, ...]]


class MetricTable:
    """The tables, filled target by target."""

    def __init__(self) -> None:
        self._tables: defaultdict[Columns, _Table] = defaultdict(lambda: _Table([], []))

    def add_exporter(self, view: ExporterView) -> None:
        """Add the metrics of the exporter itself."""
        self._add(EXPORTER_METRICS, ("", ()), view)

    def add_target(self, view: TargetView) -> None:
        """Add the metrics of a target, and of its nodes and routes."""
        target = escape(view.target.name)
        self._add(TARGET_METRICS, (target, ()), view)
        for node in view.state.node_names:
            self._add(NODE_METRICS, (target, (("node", escape(node)),)), NodeView(view, node))
        for route in view.state.routes:
            self._add(ROUTE_METRICS, (target, _labels(route)), RouteView(view, route))
        if view.checkup is not None:
            for operation in applicable(view.target):
                self._add_operation(target, operation, view.checkup)

    def _add_operation(self, target: str, operation: Operation[Facts], checkup: Checkup) -> None:
        of_target, of_route = _OF_TARGET[operation], _OF_ROUTE[operation]
        facts = checkup.facts(operation.name) if of_target else None
        if facts is not None:
            self._add(of_target, (target, ()), facts)
        for route in checkup.visits if of_route else ():
            seen = checkup.observation(route, operation.name)
            if seen is not None:
                self._add(of_route, (target, _labels(route)), seen.outcome)

    def _add(self, columns: Columns, name: Name, subject: Any) -> None:
        table = self._tables[columns]
        table.names.append(name)
        table.rows.append(tuple([metric.see(subject) for metric in columns]))

    def family(self, name: str) -> Family:
        """Return all lines of one family; empty if there are none."""
        return tuple(self._columns(name))

    def _columns(self, name: str) -> Iterator[tuple[list[Name], list[Any]]]:
        for columns, number in _PLACES[name]:
            table = self._tables.get(columns)
            seen = [row[number] for row in table.rows] if table else []
            if table and any(each is not None for each in seen):
                yield table.names, seen


def write(metric: Metric[Never], family: Family) -> Iterator[str]:
    """Yield the lines of a family, in pieces of bounded length."""
    for names, column in family:
        for (target, labels), seen in zip(names, column, strict=True):
            if seen is not None:
                yield from lines(metric, labels, seen, target)


# The names of nodes are short, and those of the configuration or addresses.
@lru_cache(maxsize=1024)
def _labels(route: Route) -> Labels:
    return (("path", route.path.value), ("node", escape(route.node)))
