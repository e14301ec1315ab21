"""What all metrics see of all targets, each target at one time, as tables. Pure.

There is a table for each kind of subject (targets, nodes, routes, the outcomes of an operation): a row for each
subject, a column for each metric. The columns of one name are a *family*.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Never, TypeAlias

from exporter.diagnosis.checkup import Checkup
from exporter.exposition.catalogue import EXPORTER_METRICS, NODE_METRICS, ROUTE_METRICS, TARGET_METRICS
from exporter.exposition.text_format import Labels, labelled, lines, number_lines
from exporter.exposition.views import ExporterView, NodeView, RouteView, TargetView
from exporter.metrics import Metric, Scope, one
from exporter.operations import OPERATIONS, applicable
from exporter.operations.operation import Operation
from exporter.operations.outcome import Facts
from exporter.targets import Route

# The metrics of one kind of subject.
Columns: TypeAlias = tuple[Metric[Any], ...]
# Of each table that has the family's column: the labels of its rows' subjects, and what was seen of each, or None.
Family: TypeAlias = tuple[tuple[list[Labels], list[Any]], ...]


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
    labels: list[Labels]
    rows: list[tuple[Any, ...]]


class MetricTable:
    """The tables, filled target by target."""

    def __init__(self) -> None:
        self._tables: defaultdict[Columns, _Table] = defaultdict(lambda: _Table([], []))

    def add_exporter(self, view: ExporterView) -> None:
        """Add the metrics of the exporter itself."""
        self._add(EXPORTER_METRICS, labelled(), view)

    def add_target(self, view: TargetView) -> None:
        """Add the metrics of a target, and of its nodes and routes."""
        named = ("target", view.target.name)
        target = labelled(named)
        self._add(TARGET_METRICS, target, view)
        for node in view.state.node_names:
            self._add(NODE_METRICS, labelled(named, ("node", node)), NodeView(view, node))
        routes = {route: labelled(named, *_labels(route)) for route in view.state.routes}
        for route, labels in routes.items():
            self._add(ROUTE_METRICS, labels, RouteView(view, route))
        if view.checkup is not None:
            self._add_facts(target, view)
            self._add_outcomes(routes, view.checkup, applicable(view.target))

    def _add_facts(self, target: Labels, view: TargetView) -> None:
        found = view.checkup.all_facts() if view.checkup else {}
        for operation in applicable(view.target):
            columns, facts = _OF_TARGET[operation], found.get(operation.name)
            if columns and facts is not None:
                self._add(columns, target, facts)

    def _add_outcomes(
        self, routes: Mapping[Route, Labels], checkup: Checkup, operations: Iterable[Operation[Facts]]
    ) -> None:
        for operation in operations:
            columns = _OF_ROUTE[operation]
            for route in checkup.visits if columns else ():
                seen = checkup.observation(route, operation.name)
                if seen is not None:
                    self._add(columns, routes[route], seen.outcome)

    def _add(self, columns: Columns, labels: Labels, subject: Any) -> None:
        table = self._tables[columns]
        table.labels.append(labels)
        table.rows.append(tuple([metric.see(subject) for metric in columns]))

    def family(self, name: str) -> Family:
        """Return all lines of one family; empty if there are none."""
        return tuple(self._columns(name))

    def _columns(self, name: str) -> Iterator[tuple[list[Labels], list[Any]]]:
        for columns, number in _PLACES[name]:
            table = self._tables.get(columns)
            seen = [row[number] for row in table.rows] if table else []
            if table and any(each is not None for each in seen):
                yield table.labels, seen


def write(metric: Metric[Never], family: Family) -> Iterator[str]:
    """Yield the lines of a family, in pieces of bounded length."""
    for subjects, column in family:
        rows = ((labels, seen) for labels, seen in zip(subjects, column, strict=True) if seen is not None)
        if metric.read is one:
            yield from number_lines(metric.name, rows)
            continue
        for labels, seen in rows:
            yield from lines(metric, labels, seen)


def _labels(route: Route) -> tuple[tuple[str, str], ...]:
    return (("path", route.path.value), ("node", route.node))
