"""How a metric is declared: one value with its name, help text, labels and how to read it.

A metric has a scope, whose labels distinguish its subjects, and `labels` of its own. `see` picks a value off
one subject, `read` turns it into readings; a subject about which nothing is known shows None, so that an
unknown value is absent from `/metrics`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

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


@dataclass(frozen=True, slots=True)
class Distribution:
    """A histogram, or a summary when it has no buckets.

    `bounds` are the upper bounds of the buckets, ending with +Inf, `counts` their cumulative counts.
    """

    count: float
    sum: float
    bounds: tuple[float, ...] = ()
    counts: tuple[float, ...] = ()


class Reading(NamedTuple):
    """One series of a metric: the values of its own labels, in their order, and the number."""

    labels: tuple[str, ...]
    value: float | Distribution


def one(value: float) -> Iterator[Reading]:
    """Yield the reading of a metric without labels of its own."""
    yield Reading((), float(value))


@dataclass(frozen=True, slots=True, eq=False)
class Metric(Generic[Subject_contra]):
    """The declaration of one metric family.

    `name` is the family's name as exposed (counters with `_total`). `see` picks off a subject what there is
    to expose: an immutable value that has what `read` needs and no more, as lines are written again only when
    it has changed; None when there is nothing to expose. `read` turns it into readings. `label_names`
    replaces `labels` where the names depend on what was seen (only `onedata_target_info` does that).
    """

    name: str
    help: str
    scope: Scope
    see: Callable[[Subject_contra], object]
    read: Callable[[Any], Iterable[Reading]] = one
    labels: tuple[str, ...] = ()
    type: MetricType = MetricType.GAUGE
    label_names: Callable[[Any], tuple[str, ...]] | None = None


def state_set(states: type[StrEnum], current: str, *labels: str) -> Iterator[Reading]:
    """Yield a series for each state, 1 for the current one.

    `labels` are the values of the metric's labels before the state, which comes last.
    """
    for state in states:
        yield Reading((*labels, state.value), float(state.value == current))


def states_of(states: type[StrEnum]) -> Callable[[str], Iterator[Reading]]:
    """Return the reader of a metric that has no labels but the state."""
    return lambda current: state_set(states, current)
