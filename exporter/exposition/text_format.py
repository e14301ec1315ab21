"""Writing the Prometheus text formats: classic 0.0.4 and OpenMetrics 1.0. Pure.

Both have the same lines for our metrics; only the headers differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import islice
from typing import Any, Never, TypeAlias

from exporter.exposition.labels import Subject, labelled
from exporter.exposition.template import figure, figures_of, kind_of, template
from exporter.metrics import CLOSED_LABELS, Metric, MetricType, one

# A subject, and what a metric has seen of it.
Row: TypeAlias = tuple[Subject, Any]

_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_HELP_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n"})
_ROWS_AT_ONCE = 500
_SUFFIXES = {
    MetricType.HISTOGRAM: ("_bucket", "_count", "_sum"),
    MetricType.SUMMARY: ("_count", "_sum"),
}


class TextFormat(Enum):
    """A text format; the value is its content type."""

    CLASSIC = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def header(metric: Metric[Never], text_format: TextFormat) -> str:
    """Return the HELP and TYPE lines of a family. OpenMetrics names a counter without its `_total`."""
    name, escapes = metric.name, _HELP_ESCAPES
    if text_format is TextFormat.OPENMETRICS:
        name, escapes = family_name(metric), _ESCAPES
    return f"# HELP {name} {metric.help.translate(escapes)}\n# TYPE {name} {metric.type.value}\n"


def family_name(metric: Metric[Never]) -> str:
    """Return the name of the family: a counter's without `_total`."""
    return metric.name.removesuffix("_total") if metric.type is MetricType.COUNTER else metric.name


def line_names(metric: Metric[Never]) -> frozenset[str]:
    """Return the names that select a family: its own, and those of its series."""
    suffixes = _SUFFIXES.get(metric.type, ())
    return frozenset({metric.name, family_name(metric), *(metric.name + suffix for suffix in suffixes)})


def lines(metric: Metric[Never], rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of what a metric has seen of its subjects, in pieces of bounded length.

    The readings add their own labels to those of the subject.
    """
    if metric.read is one:
        return _number_lines(metric.name, iter(rows))
    if CLOSED_LABELS.issuperset(metric.labels) and metric.label_names is None:
        return _closed_lines(metric, rows)
    return _foreign_lines(metric, rows)


def _number_lines(name: str, rows: Iterator[Row]) -> Iterator[str]:
    """Yield the lines of a metric without labels of its own."""
    while batch := list(islice(rows, _ROWS_AT_ONCE)):
        yield "".join([f"{name}{subject.text} {figure(number)}\n" for subject, number in batch])


def _closed_lines(metric: Metric[Never], rows: Iterable[Row]) -> Iterator[str]:
    """Yield lines whose own labels have few values."""
    for (labels, _text), seen in rows:
        for own, value in metric.read(seen):
            lines_of = template(metric.name, labels.names, metric.labels, own, kind_of(value))
            yield lines_of.fill((*labels.values, *figures_of(value)))


def _foreign_lines(metric: Metric[Never], rows: Iterable[Row]) -> Iterator[str]:
    """Yield lines whose own labels may have any value, except those that are part of the value."""
    for (labels, _text), seen in rows:
        own_names = metric.label_names(seen) if metric.label_names else metric.labels
        for own, value in metric.read(seen):
            foreign, more = labelled(own_names[: len(own)], own), own_names[len(own) :]
            lines_of = template(metric.name, labels.names + foreign.names, more, (), kind_of(value))
            yield lines_of.fill((*labels.values, *foreign.values, *figures_of(value)))
