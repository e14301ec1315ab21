"""Writing the Prometheus text formats: classic 0.0.4 and OpenMetrics 1.0. Pure.

Both have the same lines for our metrics; only the headers differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

from prometheus_client.utils import floatToGoString

from exporter.metrics import Distribution, Metric, MetricType

_number: Callable[[float], str] = floatToGoString
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_HELP_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n"})
_SUFFIXES = {
    MetricType.HISTOGRAM: ("_bucket", "_count", "_sum"),
    MetricType.SUMMARY: ("_count", "_sum"),
}


class TextFormat(Enum):
    """A text format; the value is its content type."""

    CLASSIC = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def header(metric: Metric[Any], text_format: TextFormat) -> bytes:
    """The HELP and TYPE lines of a family. OpenMetrics names a counter without its `_total`."""
    name, escapes = metric.name, _HELP_ESCAPES
    if text_format is TextFormat.OPENMETRICS:
        name, escapes = family_name(metric), _ESCAPES
    text = f"# HELP {name} {metric.help.translate(escapes)}\n# TYPE {name} {metric.type.value}\n"
    return text.encode()


def family_name(metric: Metric[Any]) -> str:
    """The name of the family: a counter's without `_total`."""
    return metric.name.removesuffix("_total") if metric.type is MetricType.COUNTER else metric.name


def line_names(metric: Metric[Any]) -> frozenset[str]:
    """The names by which a family may be asked for: its own, and those of its series."""
    suffixes = _SUFFIXES.get(metric.type, ())
    return frozenset({metric.name, family_name(metric), *(metric.name + suffix for suffix in suffixes)})


def lines(metric: Metric[Any], labels: dict[str, str], subject: Any) -> Iterator[str]:
    """The lines of one subject. `labels` name the subject; the metric's readings add their own."""
    names = metric.label_names(subject) if metric.label_names else metric.labels
    for reading in metric.read(subject):
        pairs = {**labels, **dict(zip(names, reading.labels, strict=True))}
        if isinstance(reading.value, Distribution):
            yield from _distribution(metric.name, pairs, reading.value)
        else:
            yield f"{metric.name}{_braces(pairs)} {_number(reading.value)}\n"


def _distribution(name: str, pairs: dict[str, str], value: Distribution) -> Iterator[str]:
    for bound, count in value.buckets:
        labels = _braces({**pairs, "le": _number(bound)})
        yield f"{name}_bucket{labels} {_number(count)}\n"
    labels = _braces(pairs)
    yield f"{name}_count{labels} {_number(value.count)}\n"
    yield f"{name}_sum{labels} {_number(value.sum)}\n"


def _braces(pairs: dict[str, str]) -> str:
    """The labels of a line, in alphabetical order; a label without a value is left out."""
    inner = ",".join(f'{name}="{escape(value)}"' for name, value in sorted(pairs.items()) if value)
    return f"{{{inner}}}" if inner else ""


def escape(value: str) -> str:
    """A label value as it stands between quotes. Lone surrogates, which have no UTF-8, are replaced."""
    return value.encode("utf-8", "replace").decode().translate(_ESCAPES)
