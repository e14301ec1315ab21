"""What a client wants: the text format by `Accept`, compression by `Accept-Encoding` (RFC 9110). Pure.

Nobody is refused: who asks for something unknown gets the classic text, as Prometheus' own libraries do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from exporter.exposition.text_format import TextFormat

_ELEMENT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_PARAMETER = re.compile(r';\s*([\w.+-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s]*)')
_QUALITY = re.compile(r"0(?:\.\d{0,3})?|1(?:\.0{0,3})?")


@dataclass(frozen=True, slots=True)
class _Wish:
    """One element of an Accept header: what is wished, its parameters, and how much (0: not at all)."""

    value: str
    parameters: Mapping[str, str]
    quality: float


@dataclass(frozen=True, slots=True)
class _Offer:
    """A text format as a media type; a wish for another version is not a wish for this one."""

    text_format: TextFormat
    media_type: str
    version: str

    def specificity(self, wish: _Wish) -> int:
        """How closely a wish names this offer; 0: it does not."""
        if wish.value == self.media_type and "version" in wish.parameters:
            return 4 if wish.parameters["version"] == self.version else 0
        main_type = self.media_type.partition("/")[0]
        return {"*/*": 1, f"{main_type}/*": 2, self.media_type: 3}.get(wish.value, 0)


# In the order in which they are preferred by somebody to whom both are equal.
_OFFERS = (
    _Offer(TextFormat.CLASSIC, "text/plain", "0.0.4"),
    _Offer(TextFormat.OPENMETRICS, "application/openmetrics-text", "1.0.0"),
)


def text_format(accept: Iterable[str]) -> TextFormat:
    """The text format for a request's Accept headers.

    The higher `q` wins, then what is named more closely, then what is named first.
    """
    wishes = list(enumerate(_wishes(accept)))
    best, best_rank = TextFormat.CLASSIC, (0.0, 0, 0)
    for offer in _OFFERS:
        ranks = [(offer.specificity(wish), -place, wish.quality) for place, wish in wishes]
        specificity, place, quality = max(ranks, default=(0, 0, 0.0))
        rank = (quality, specificity, place)
        if specificity and quality and rank > best_rank:
            best, best_rank = offer.text_format, rank
    return best


def accepts_gzip(accept_encoding: Iterable[str]) -> bool:
    """Whether the answer is to be compressed: gzip is named or meant by `*`, and not liked less than identity."""
    wishes = {wish.value: wish.quality for wish in _wishes(accept_encoding)}
    gzip = wishes.get("gzip", wishes.get("*", 0.0))
    return gzip > 0 and gzip >= wishes.get("identity", 0.0)


def _wishes(headers: Iterable[str]) -> Iterator[_Wish]:
    """The elements of all headers of one name, in their order; those that are not well formed are left out."""
    for header in headers:
        for element in _ELEMENT.findall(header):
            wish = _wish(element)
            if wish is not None:
                yield wish


def _wish(element: str) -> _Wish | None:
    value = element.partition(";")[0].strip().lower()
    parameters = {name.lower(): text.strip('"') for name, text in _PARAMETER.findall(element)}
    quality = parameters.pop("q", "1")
    if not value or not _QUALITY.fullmatch(quality):
        return None
    return _Wish(value, parameters, float(quality))
