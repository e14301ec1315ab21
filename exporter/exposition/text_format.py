"""Writing the Prometheus text formats: classic 0.0.4 and OpenMetrics 1.0. Pure.

Both have the same lines for our metrics; only the headers differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from functools import lru_cache
from itertools import count, islice
from typing import NamedTuple, Never, TypeAlias

from prometheus_client.utils import floatToGoString

from exporter.metrics import CLOSED_LABELS, Distribution, FixedSeries, Metric, MetricType, Reading

# The bounds of the buckets of a distribution, series with their numbers, or None for one number.
_Kind: TypeAlias = tuple[float, ...] | FixedSeries | None
# The labels of a reading, and its kind.
_Shape: TypeAlias = tuple[tuple[str, ...], _Kind]

_number: Callable[[float], str] = floatToGoString
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_HELP_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n"})
_PLAIN = 1e6
_ONE_NUMBER: tuple[_Shape, ...] = (((), None),)
_READINGS_AT_ONCE = 500  # so many lines take about a millisecond
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


class Labels(NamedTuple):
    """The labels that name a subject: their names, and their values, which are escaped and never empty."""

    names: tuple[str, ...]
    values: tuple[str, ...]


def labelled(*labels: tuple[str, str]) -> Labels:
    """Return these labels. An empty value leaves its label out."""
    named = [(name, escape(value)) for name, value in labels if value]
    return Labels(tuple(name for name, _value in named), tuple(value for _name, value in named))


def number_lines(name: str, rows: Iterable[tuple[Labels, float]]) -> Iterator[str]:
    """Yield the lines of a metric without labels of its own, in pieces of bounded length."""
    rows, names = iter(rows), None
    template: Callable[..., str] = "".format
    while batch := list(islice(rows, _READINGS_AT_ONCE)):
        pieces = []
        for labels, number in batch:
            if labels.names != names:
                names, template = labels.names, _template(name, labels.names, (), _ONE_NUMBER)
            pieces.append(template(*labels.values, _figure(number)))
        yield "".join(pieces)


def lines(metric: Metric[Never], subject: Labels, seen: object) -> Iterator[str]:
    """Yield the lines of what a metric has seen of one subject, in pieces of bounded length.

    The metric's readings add their own labels to those of the subject.
    """
    own_names = metric.label_names(seen) if metric.label_names else metric.labels
    if CLOSED_LABELS.issuperset(own_names):
        shape, numbers = _take_apart(metric.read(seen))
        yield _template(metric.name, subject.names, own_names, shape)(*subject.values, *numbers)
        return
    readings = iter(metric.read(seen))
    while batch := list(islice(readings, _READINGS_AT_ONCE)):
        yield "".join(_foreign_lines(metric.name, subject, own_names, batch))


def _take_apart(readings: Iterable[Reading]) -> tuple[tuple[_Shape, ...], list[float | str]]:
    """Return what most subjects have in common, and the numbers as they are written."""
    shape: list[_Shape] = []
    numbers: list[float] = []
    for own, value in readings:
        if isinstance(value, FixedSeries):
            shape.append((own, value))
        elif isinstance(value, Distribution):
            shape.append((own, value.bounds))
            numbers += (*value.counts, value.count, value.sum)
        else:
            shape.append((own, None))
            numbers.append(value)
    return tuple(shape), [_figure(each) for each in numbers]


def _figure(value: float) -> float | str:
    """Return a number as Go writes it. Python writes the same unless it is very large, very small or no number."""
    return float(value) if -_PLAIN < value < _PLAIN else _number(value)


def _foreign_lines(
    name: str, subject: Labels, own_names: tuple[str, ...], readings: list[Reading]
) -> Iterator[str]:
    """Yield the lines of readings whose own labels may have any value; empty ones are left out.

    The labels that `FixedSeries` adds have no foreign value.
    """
    for own, value in readings:
        more = own_names[len(own) :] if isinstance(value, FixedSeries) else ()
        foreign = zip(own_names[: len(own_names) - len(more)], own, strict=True)
        named = [(label, escape(text)) for label, text in foreign if text]
        ((_own, kind),), numbers = _take_apart([Reading((), value)])
        names = (*subject.names, *(label for label, _text in named))
        template = _template(name, names, more, (((), kind),))
        yield template(*subject.values, *(text for _label, text in named), *numbers)


@lru_cache(maxsize=1024)
def _template(
    name: str, labels: tuple[str, ...], own_names: tuple[str, ...], shape: tuple[_Shape, ...]
) -> Callable[..., str]:
    """Return what formats lines from the values of `labels` and then the numbers.

    It holds no foreign text: own labels come from closed sets.
    """
    fixed = {label: f"{{{place}}}" for place, label in enumerate(labels)}
    places = count(len(labels))
    parts = [
        line
        for own, kind in shape
        for last in (len(own) if isinstance(kind, FixedSeries) else None,)
        for line in _kind_lines(
            name, fixed | _literal(own_names[:last], own), own_names[len(own) :], kind, places
        )
    ]
    return "".join(parts).format


def _kind_lines(
    name: str, labels: Mapping[str, str], more: tuple[str, ...], kind: _Kind, places: Iterator[int]
) -> Iterator[str]:
    if isinstance(kind, FixedSeries):
        for own, number in kind.series:
            yield f"{_line_head(name, {**labels, **_literal(more, own)})} {_figure(number)}\n"
        return
    for head in _heads(name, labels, kind):
        yield f"{head} {{{next(places)}}}\n"


def _literal(names: tuple[str, ...], values: tuple[str, ...]) -> dict[str, str]:
    """Return label values as part of a template."""
    return {
        name: escape(value).replace("{", "{{").replace("}", "}}")
        for name, value in zip(names, values, strict=True)
        if value
    }


def _heads(name: str, labels: Mapping[str, str], bounds: tuple[float, ...] | None) -> Iterator[str]:
    if bounds is None:
        yield _line_head(name, labels)
        return
    yield from (_line_head(f"{name}_bucket", {**labels, "le": _number(bound)}) for bound in bounds)
    yield _line_head(f"{name}_count", labels)
    yield _line_head(f"{name}_sum", labels)


def _line_head(name: str, labels: Mapping[str, str]) -> str:
    """Return name and labels of a line in a template; labels are in alphabetical order."""
    inner = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    return f"{name}{{{{{inner}}}}}" if inner else name


# Foreign values have at most 200 characters: the cache holds 8 MiB at most.
@lru_cache(maxsize=4096)
def escape(value: str) -> str:
    """Return a label value as it stands between quotes. Lone surrogates, which have no UTF-8, are replaced."""
    return value.encode("utf-8", "replace").decode().translate(_ESCAPES)
