"""Content negotiation: the text format by `Accept`, compression by `Accept-Encoding` (RFC 9110). Pure.

No request is refused: for an unknown format the answer is the classic text, as from Prometheus' own libraries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from exporter.exposition.text_format import TextFormat

# Every alternative succeeds wherever it begins, so that a header is read once, whatever it contains.
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*+"?|[^",;]++|[,;]', re.DOTALL)
_QUALITY = re.compile(r"0(?:\.\d{0,3})?|1(?:\.0{0,3})?")


@dataclass(frozen=True, slots=True)
class _Preference:
    """One element of an Accept header: a value, its parameters, and its quality (0: not acceptable)."""

    value: str
    parameters: Mapping[str, str]
    quality: float


@dataclass(frozen=True, slots=True)
class _Offer:
    """A text format as a media type; a preference for another version does not match it."""

    text_format: TextFormat
    media_type: str
    version: str

    def specificity(self, preference: _Preference) -> int:
        """Return how closely a preference names this offer; 0: it does not match."""
        if preference.value == self.media_type and "version" in preference.parameters:
            return 4 if preference.parameters["version"] == self.version else 0
        main_type = self.media_type.partition("/")[0]
        return {"*/*": 1, f"{main_type}/*": 2, self.media_type: 3}.get(preference.value, 0)


# In order of preference between formats that the client accepts equally.
_OFFERS = (
    _Offer(TextFormat.CLASSIC, "text/plain", "0.0.4"),
    _Offer(TextFormat.OPENMETRICS, "application/openmetrics-text", "1.0.0"),
)


def text_format(accept: Iterable[str]) -> TextFormat:
    """Return the text format for a request's Accept headers.

    The higher `q` wins, then the more specific element, then the earlier one.
    """
    preferences = list(enumerate(_preferences(accept)))
    best, best_rank = TextFormat.CLASSIC, (0.0, 0, 0)
    for offer in _OFFERS:
        ranks = [(offer.specificity(each), -place, each.quality) for place, each in preferences]
        specificity, place, quality = max(ranks, default=(0, 0, 0.0))
        rank = (quality, specificity, place)
        if specificity and quality and rank > best_rank:
            best, best_rank = offer.text_format, rank
    return best


def accepts_gzip(accept_encoding: Iterable[str]) -> bool:
    """Return whether to compress: gzip is acceptable, by name or by `*`, and not less than identity."""
    qualities = {each.value: each.quality for each in _preferences(accept_encoding)}
    gzip = qualities.get("gzip", qualities.get("*", 0.0))
    return gzip > 0 and gzip >= qualities.get("identity", 0.0)


def _preferences(headers: Iterable[str]) -> Iterator[_Preference]:
    """Yield the elements of all headers of one name, in their order, without malformed ones."""
    for header in headers:
        for element in _elements(header):
            preference = _preference(element)
            if preference is not None:
                yield preference


def _elements(header: str) -> Iterator[list[str]]:
    """Yield the elements between commas, each as its parts between semicolons; quoted ones do not count."""
    parts: list[list[str]] = [[]]
    for piece in _PIECE.findall(header):
        if piece == ",":
            yield ["".join(part) for part in parts]
            parts = [[]]
        elif piece == ";":
            parts.append([])
        else:
            parts[-1].append(piece)
    yield ["".join(part) for part in parts]


def _preference(element: list[str]) -> _Preference | None:
    value, *parts = (part.strip() for part in element)
    parameters = {}
    for part in parts:
        name, _, text = part.partition("=")
        parameters[name.strip().lower()] = text.strip().strip('"')
    quality = parameters.pop("q", "1")
    if not value or not _QUALITY.fullmatch(quality):
        return None
    return _Preference(value.lower(), parameters, float(quality))
