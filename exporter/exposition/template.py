"""Lines of the text formats with gaps for what differs between subjects: values of labels, and numbers. Pure.

Most subjects of a metric differ in nothing else, so that a template is made once for all of them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import count
from operator import itemgetter
from typing import TypeAlias

from prometheus_client.utils import floatToGoString

from exporter.exposition.labels import escape
from exporter.metrics import FixedSeries, Series, Shape, Value

# What lines a value has: those of its series, or None for one number.
Kind: TypeAlias = Shape | FixedSeries | None
# A piece of a line: text, or the place of the value that fills a gap.
_Piece: TypeAlias = str | int

_PLAIN = 1e6
_number: Callable[[float], str] = floatToGoString


class Template:
    """Text with gaps."""

    __slots__ = ("_pick", "_pieces")

    def __init__(self, pieces: Iterable[_Piece]) -> None:
        texts: list[str] = [""]
        places: list[int] = []
        for piece in pieces:
            if isinstance(piece, str):
                texts[-1] += piece
            else:
                places.append(piece)
                texts += "", ""
        # Most lines of a template have the same pieces between their labels.
        self._pieces = [*map(sys.intern, texts)]
        self._pick = _picker(places)

    def fill(self, values: Sequence[str]) -> str:
        """Return the text with each gap filled by the value of its place."""
        pieces = self._pieces.copy()
        pieces[1::2] = self._pick(values)
        return "".join(pieces)


def _picker(places: Sequence[int]) -> Callable[[Sequence[str]], Sequence[str]]:
    """Return what picks the values of these places. `itemgetter` returns no sequence for one place, and needs one."""
    if len(places) > 1:
        return itemgetter(*places)
    return itemgetter(slice(places[0], places[0] + 1) if places else slice(0))


def kind_of(value: Value) -> Kind:
    """Return what lines a value has."""
    if isinstance(value, Series):
        return value.shape
    return value if isinstance(value, FixedSeries) else None


def figures_of(value: Value) -> Iterable[str]:
    """Return the numbers of a value as they are written, in the order of its lines."""
    if isinstance(value, Series):
        if len(value.numbers) != value.shape.width:
            raise ValueError(f"{len(value.numbers)} numbers for {value.shape.width} lines")
        # Floats are no keys of the cache: few are equal, and those need not be written alike: 0.0 and -0.0.
        return [
            count_figure(number) if number.__class__ is int else figure(number) for number in value.numbers
        ]
    return () if isinstance(value, FixedSeries) else (figure(value),)


def figure(value: float) -> str:
    """Return a number as Go writes it. Python writes the same unless it is very large, very small or no number."""
    return repr(float(value)) if -_PLAIN < value < _PLAIN else _number(value)


@lru_cache(maxsize=8192)
def count_figure(value: int) -> str:
    """Return a count as Go writes it: the same few are in many lines."""
    return figure(value)


@lru_cache(maxsize=2048)
def template(
    name: str, labels: tuple[str, ...], own_names: tuple[str, ...], own: tuple[str, ...], kind: Kind
) -> Template:
    """Return the lines of a reading with gaps for the values of `labels` and then the numbers.

    It is kept, so that own labels must come from closed sets.
    """
    fixed: dict[str, _Piece] = {label: place for place, label in enumerate(labels)}
    fixed |= _named(own_names[: len(own)], own)
    return Template(_lines(name, fixed, own_names[len(own) :], kind, count(len(labels))))


def _lines(
    name: str, labels: Mapping[str, _Piece], more: tuple[str, ...], kind: Kind, places: Iterator[int]
) -> Iterator[_Piece]:
    """Yield the lines of one reading. `more` are the names of the labels that are part of its kind."""
    if isinstance(kind, FixedSeries):
        for values, number in kind.series:
            yield from _line(name, {**labels, **_named(more, values)}, figure(number))
        return
    own, bounds = (((),), None) if kind is None else (kind.labels, kind.bounds)
    for values in own:
        yield from _series_lines(name, {**labels, **_named(more, values)}, bounds, places)


def _series_lines(
    name: str, labels: Mapping[str, _Piece], bounds: tuple[float, ...] | None, places: Iterator[int]
) -> Iterator[_Piece]:
    """Yield the line of one number, or those of a distribution."""
    if bounds is None:
        yield from _line(name, labels, next(places))
        return
    for bound in bounds:
        yield from _line(f"{name}_bucket", {**labels, "le": _number(bound)}, next(places))
    yield from _line(f"{name}_count", labels, next(places))
    yield from _line(f"{name}_sum", labels, next(places))


def _named(names: tuple[str, ...], values: tuple[str, ...]) -> dict[str, _Piece]:
    return {name: escape(value) for name, value in zip(names, values, strict=True) if value}


def _line(name: str, labels: Mapping[str, _Piece], number: _Piece) -> Iterator[_Piece]:
    """Yield one line; labels are in alphabetical order."""
    yield name
    separator = "{"
    for label, value in sorted(labels.items()):
        yield from (f'{separator}{label}="', value, '"')
        separator = ","
    yield from ("} " if labels else " ", number, "\n")
