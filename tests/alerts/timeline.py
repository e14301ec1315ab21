"""Series as promtool writes them: a value for every step, and holes where a scrape was missed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

ONSET_MINUTES = 10.0

# The value at a moment, in minutes since the beginning.
Shape: TypeAlias = Callable[[float], float]


def always(value: float) -> Shape:
    """A value that never changes."""
    return lambda _minutes: value


def turns(good: float, bad: float) -> Shape:
    """A gauge that is good for ten minutes, then bad."""
    return lambda minutes: bad if minutes >= ONSET_MINUTES else good


def series(name: str, **labels: str) -> str:
    """A series of the target `krakow`, as scraped from the exporter; an empty label is left out."""
    own = {"job": "onedata-exporter", "instance": "exporter:19443", "target": "krakow"}
    shown = {key: value for key, value in {**own, **labels}.items() if value}
    return name + "{" + ",".join(f'{key}="{value}"' for key, value in shown.items()) + "}"


def missed(step: int) -> bool:
    """Whether a scrape is missed where scrapes are missed: three of every seven, one after another."""
    return step > 0 and step % 7 in {0, 1, 2}


def written(values: Iterable[float | None]) -> str:
    """Values in promtool's notation, even steps abbreviated; None is a missing sample."""
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
    """From a value to the next; None when there is no next, or one of them is missing."""
    if at + 1 >= len(values):
        return None
    one, other = values[at : at + 2]
    return None if one is None or other is None else other - one
