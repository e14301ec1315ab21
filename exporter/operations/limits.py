"""The cardinality guard: foreign names become label values only cleaned, shortened and in limited number."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from exporter.operations.outcome import Facts, Outcome
from exporter.operations.responses import sanitize

MAX_HOSTS = 100
MAX_MODULES = 60

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded(Facts, ABC):
    """Facts about hosts, some of whose names may have been refused: `dropped` counts them."""

    dropped: int = 0

    @property
    @abstractmethod
    def hosts(self) -> frozenset[str]:
        """Return the names of the hosts that were kept."""


def hosts_named(learnt: Mapping[str, Outcome]) -> frozenset[str]:
    """Return the hosts in the outcomes of a round so far: the limit is one for all operations of a target."""
    outcomes = (outcome for outcome in learnt.values() if isinstance(outcome, Guarded))
    return frozenset[str]().union(*(outcome.hosts for outcome in outcomes))


def guard(
    named: Iterable[tuple[str, Value]], limit: int, before: frozenset[str] = frozenset()
) -> tuple[dict[str, Value], int]:
    """Return the values by their cleaned names, sorted, and how many were refused.

    Together with the names that were kept `before` there are at most `limit`. Names that are empty when
    cleaned, or equal to another one, are refused, too.
    """
    kept: dict[str, Value] = {}
    dropped, room = 0, limit - len(before)
    for name, value in sorted(named, key=lambda entry: entry[0]):
        clean = sanitize(name)
        if clean and clean not in kept and (clean in before or room > 0):
            kept[clean] = value
            room -= clean not in before
        else:
            dropped += 1
    return kept, dropped
