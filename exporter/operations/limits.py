"""The cardinality guard: foreign names become label values only cleaned, shortened and in limited number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from exporter.operations.answers import one_line

MAX_HOSTS = 100
MAX_MODULES = 60

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """Facts some of whose names may have been refused: `dropped` counts them."""

    dropped: int = 0


def guard(named: Iterable[tuple[str, Value]], limit: int) -> tuple[dict[str, Value], int]:
    """At most `limit` values by their cleaned names, sorted, and how many were refused.

    Names that are empty when cleaned, or equal to one before, are refused, too.
    """
    kept: dict[str, Value] = {}
    dropped = 0
    for name, value in sorted(named, key=lambda entry: entry[0]):
        clean = one_line(name)
        if clean and clean not in kept and len(kept) < limit:
            kept[clean] = value
        else:
            dropped += 1
    return kept, dropped
