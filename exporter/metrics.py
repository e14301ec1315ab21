"""How a metric is declared: one value with its name, help text, labels and how to read it.

A metric has a scope, whose labels distinguish its subjects, and `labels` of its own. `see` picks a value off
one subject, `read` turns it into readings; a subject about which nothing is known shows None, so that an
unknown value is absent from `/metrics`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import cache, lru_cache
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

Subject_contra = TypeVar("Subject_contra", contravariant=True)


# The labels whose values come from sets that this program closes: what they name is never foreign text.
CLOSED_LABELS = frozenset(
    {"check", "diagnosis", "method", "operation", "path", "phase", "reason", "state", "status", "where"}
)


class Scope(Enum):
    """What a metric is about; the value is the labels that name it."""

    EXPORTER = ()
    TARGET = ("target",)
    NODE = ("target", "node")
    ROUTE = ("target", "path", "node")


class MetricType(StrEnum):
    """The types of the text exposition that are used here."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True, eq=False)
class FixedSeries:
    """Series whose numbers are the same for every subject that has this object.

    Each has the values of the labels that follow those of its reading, and its number. Subjects share the object,
    so that its lines are made once.
    """

    series: tuple[tuple[tuple[str, ...], float], ...]


class Shape:
    """What the series of most subjects have in common: their labels, and what their numbers are.

    `labels` are the values of the labels that follow those of the reading. `bounds` are the upper bounds of the
    buckets of histograms, ending with +Inf; summaries have none. They are None for plain numbers. `width` is the
    count of all numbers. Subjects share the object, so that its lines are made once.
    """

    __slots__ = ("bounds", "labels", "width")

    def __init__(self, labels: tuple[tuple[str, ...], ...], bounds: tuple[float, ...] | None = None) -> None:
        self.labels = labels
        self.bounds = bounds
        self.width = len(labels) * (1 if bounds is None else len(bounds) + 2)


class Series(NamedTuple):
    """Series with numbers of their own, in the order of the labels of the shape.

    Histograms and summaries have several: the cumulative counts of the buckets, the count of all, and the sum.
    """

    shape: Shape
    numbers: Sequence[float]


Value: TypeAlias = float | Series | FixedSeries


class Reading(NamedTuple):
    """What a metric has of one subject: the values of its own labels, in their order, and the number.

    `Series` and `FixedSeries` have values of the last labels themselves.
    """

    labels: tuple[str, ...]
    value: Value


def by_label(
    values: tuple[str, ...], numbers: Iterable[float], bounds: tuple[float, ...] | None = None
) -> Series:
    """Return a series for each value of the one label that a metric has of its own, or a distribution with bounds.

    The values are kept, so that they must come from closed sets.
    """
    return Series(_shape(values, bounds), tuple(numbers))


@lru_cache(maxsize=1024)
def _shape(values: tuple[str, ...], bounds: tuple[float, ...] | None) -> Shape:
    return Shape(tuple((value,) for value in values), bounds)


def as_seen(seen: Series) -> tuple[Reading]:
    """Read a metric whose `see` returns series."""
    return (Reading((), seen),)


def one(value: float) -> Iterator[Reading]:
    """Yield the reading of a metric without labels of its own."""
    yield Reading((), float(value))


@dataclass(frozen=True, slots=True, eq=False)
class Metric(Generic[Subject_contra]):
    """The declaration of one metric family.

    `name` is the family's name as exposed (counters with `_total`). `see` picks off a subject what there is
    to expose: an immutable value that has what `read` needs and no more; None when there is nothing to expose.
    `read` turns it into readings. `label_names` replaces `labels` where the names depend on what was seen
    (only `onedata_target_info` does that).
    """

    name: str
    help: str
    scope: Scope
    see: Callable[[Subject_contra], object]
    read: Callable[[Any], Iterable[Reading]] = one
    labels: tuple[str, ...] = ()
    type: MetricType = MetricType.GAUGE
    label_names: Callable[[Any], tuple[str, ...]] | None = None


def state_set(current: StrEnum, *labels: str) -> Reading:
    """Return a series for each state of an enumeration, 1 for the current one.

    `labels` are the values of the metric's labels before the state, which comes last.
    """
    return Reading(labels, _states(type(current), current))


# Equal members of different enumerations are one key, unless the enumeration is part of it.
@cache
def _states(states: type[StrEnum], current: StrEnum) -> FixedSeries:
    return FixedSeries(tuple(((state.value,), float(state is current)) for state in states))


def only_state(current: StrEnum) -> tuple[Reading]:
    """Read a metric that has no labels but the state."""
    return (state_set(current),)
