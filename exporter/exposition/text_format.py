"""Writing the Prometheus text formats: classic 0.0.4 and OpenMetrics 1.0. Pure.

Both have the same lines for our metrics; only the headers differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from functools import lru_cache
from typing import Any, TypeAlias

from prometheus_client.utils import floatToGoString

from exporter.metrics import Distribution, Metric, MetricType

# Names and values.
Labels: TypeAlias = tuple[tuple[str, str], ...]
# The labels of a reading, and the bounds of its buckets if it is a distribution.
_Shape: TypeAlias = tuple[tuple[str, ...], tuple[float, ...] | None]

_number: Callable[[float], str] = floatToGoString
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_HELP_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n"})
# Stands for the name of the target in a template: a lone surrogate, which no escaped value has.
_TARGET = "\udfff"
_PLAIN = 1e6
_SUFFIXES = {
    MetricType.HISTOGRAM: ("_bucket", "_count", "_sum"),
    MetricType.SUMMARY: ("_count", "_sum"),
}


class TextFormat(Enum):
    """A text format; the value is its content type."""

    CLASSIC = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def header(metric: Metric[Any], text_format: TextFormat) -> str:
    """The HELP and TYPE lines of a family. OpenMetrics names a counter without its `_total`."""
    name, escapes = metric.name, _HELP_ESCAPES
    if text_format is TextFormat.OPENMETRICS:
        name, escapes = family_name(metric), _ESCAPES
    return f"# HELP {name} {metric.help.translate(escapes)}\n# TYPE {name} {metric.type.value}\n"


def family_name(metric: Metric[Any]) -> str:
    """The name of the family: a counter's without `_total`."""
    return metric.name.removesuffix("_total") if metric.type is MetricType.COUNTER else metric.name


def line_names(metric: Metric[Any]) -> frozenset[str]:
    """The names by which a family may be asked for: its own, and those of its series."""
    suffixes = _SUFFIXES.get(metric.type, ())
    return frozenset({metric.name, family_name(metric), *(metric.name + suffix for suffix in suffixes)})


def lines(metric: Metric[Any], labels: Labels, seen: Any, target: str = "") -> str:
    """The lines that tell what a metric has seen of one subject.

    `labels` name the subject within its target, the metric's readings add their own. The name of the target
    is already escaped; without one the lines have no such label.
    """
    names = metric.label_names(seen) if metric.label_names else metric.labels
    shape: list[_Shape] = []
    numbers: list[float] = []
    for own, value in metric.read(seen):
        if isinstance(value, Distribution):
            shape.append((own, value.bounds))
            numbers += (*value.counts, value.count, value.sum)
        else:
            shape.append((own, None))
            numbers.append(value)
    # Python writes floats as Go does, as long as they are neither large nor odd.
    written = [float(each) if -_PLAIN < each < _PLAIN else _number(each) for each in numbers]
    template = _template(metric.name, bool(target), labels, names, tuple(shape))
    return (template % tuple(written)).replace(_TARGET, target)


@lru_cache(maxsize=2048)
def _template(
    name: str,
    of_target: bool,  # noqa: FBT001 - part of a key
    labels: Labels,
    own_names: tuple[str, ...],
    shape: tuple[_Shape, ...],
) -> str:
    """Lines with a place for each number. Most targets have most of them in common."""
    fixed = {label: escape(value) for label, value in labels} | ({"target": _TARGET} if of_target else {})
    return "".join(
        line
        for own, bounds in shape
        for line in _lines(name, fixed | dict(zip(own_names, map(escape, own), strict=True)), bounds)
    )


def _lines(name: str, pairs: dict[str, str], bounds: tuple[float, ...] | None) -> Iterator[str]:
    if bounds is None:
        yield _line(name, pairs)
        return
    yield from (_line(f"{name}_bucket", {**pairs, "le": _number(bound)}) for bound in bounds)
    yield _line(f"{name}_count", pairs)
    yield _line(f"{name}_sum", pairs)


def _line(name: str, pairs: dict[str, str]) -> str:
    """A line; its labels are in alphabetical order, and one without a value is left out."""
    inner = ",".join(f'{label}="{value}"' for label, value in sorted(pairs.items()) if value)
    return (f"{name}{{{inner}}}" if inner else name).replace("%", "%%") + " %s\n"


def escape(value: str) -> str:
    """A label value as it stands between quotes. Lone surrogates, which have no UTF-8, are replaced."""
    return value.encode("utf-8", "replace").decode().translate(_ESCAPES)
