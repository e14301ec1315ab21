"""How a metric is declared: one value that says its name, help, labels and how to read it.

A metric has a scope, which gives the labels that tell its subjects apart, and `labels` of its own.
`read` turns one subject into readings; a subject about which nothing is known yields none, so that
what could not be learnt is absent from `/metrics`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Generic, NamedTuple, TypeVar

Subject = TypeVar("Subject")


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


@dataclass(frozen=True, slots=True)
class Metric(Generic[Subject]):
    """The declaration of one metric family.

    `name` is the family's name as exposed (counters with `_total`). `label_names` replaces `labels`
    where the names depend on the subject (only `onedata_target_info` does that). Of readings that `read`
    gives as a tuple the text is kept: that is for long ones that many subjects have in common.
    """

    name: str
    help: str
    scope: Scope
    read: Callable[[Subject], Iterable[Reading]]
    labels: tuple[str, ...] = ()
    type: MetricType = MetricType.GAUGE
    label_names: Callable[[Subject], tuple[str, ...]] | None = None


def one(value: float | None) -> Iterator[Reading]:
    """The reading of a metric without labels of its own; nothing when the value is unknown."""
    if value is not None:
        yield Reading((), float(value))


def state_set(states: type[StrEnum], current: str | None, *labels: str) -> Iterator[Reading]:
    """A series for each state, 1 for the current one; nothing when it is unknown.

    `labels` are the values of the metric's labels before the state, which comes last.
    """
    if current is not None:
        for state in states:
            yield Reading((*labels, state.value), float(state.value == current))
