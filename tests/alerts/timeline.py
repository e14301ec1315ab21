"""Series as promtool writes them: a value for every step, and holes where a scrape was missed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

ONSET_MINUTES = 5.0

# The value at a time, in minutes since the beginning; None where the series has ended.
Shape: TypeAlias = Callable[[float], float | None]


def always(value: float) -> Shape:
    """Return a value that never changes."""
    return lambda _minutes: value


def turns(good: float, bad: float) -> Shape:
    """Return a gauge that is good until the onset, then bad."""
    return lambda minutes: bad if minutes >= ONSET_MINUTES else good


def ends(shape: Shape, at: float = ONSET_MINUTES) -> Shape:
    """Return a series that ends at the onset, as those of a dead exporter do; or at another time."""
    return lambda minutes: shape(minutes) if minutes < at else None


def begins(shape: Shape, at: float) -> Shape:
    """Return a series that begins at this time."""
    return lambda minutes: shape(minutes) if minutes >= at else None


def recovers(shape: Shape, at: float) -> Shape:
    """Return a series that from this time on is as at the beginning."""
    return lambda minutes: shape(minutes if minutes < at else 0.0)


def series(name: str, /, **labels: str) -> str:
    """Return a series of the target `krakow`, as scraped from the exporter; an empty label is left out."""
    own = {"job": "onedata-exporter", "instance": "exporter:19443", "target": "krakow"}
    shown = {key: value for key, value in {**own, **labels}.items() if value}
    return name + "{" + ",".join(f'{key}="{value}"' for key, value in shown.items()) + "}"


def missed(step: int) -> bool:
    """Return whether a scrape is missed where scrapes are missed: three of every seven, one after another."""
    return step % 7 in {4, 5, 6}


def written(values: Iterable[float | None]) -> str:
    """Return values in promtool's notation, even steps abbreviated; None is a missing sample."""
    return " ".join(_runs(list(values)))


def _runs(values: Sequence[float | None]) -> Iterator[str]:
    at = 0
    while at < len(values):
        first, step = values[at], _difference(values, at)
        more = 0
        while step is not None and _difference(values, at + more) == step:
            more += 1
        if first is None:
            yield "stale"  # what Prometheus writes where a scrape failed
        else:
            yield f"{first:.10g}{step:+.10g}x{more}" if more else f"{first:.10g}"
        at += more + 1


def _difference(values: Sequence[float | None], at: int) -> float | None:
    """Return the difference of a value to the next; None when there is no next, or one of them is missing."""
    if at + 1 >= len(values):
        return None
    one, other = values[at : at + 2]
    return None if one is None or other is None else other - one
