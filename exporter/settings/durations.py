"""Durations as people write them: the way Prometheus does (`500ms`, `15s`, `1m30s`), or plain seconds."""

from __future__ import annotations

import math
import re

_UNITS_MS = {
    "y": 365 * 86_400_000,
    "w": 7 * 86_400_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1_000,
    "ms": 1,
}
_PROMETHEUS = re.compile("".join(f"(?:(?P<{unit}>[0-9]{{1,15}}){unit})?" for unit in _UNITS_MS))
_SECONDS = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?")
LONGEST_SECONDS = 365 * 86_400


def parse_duration(value: object) -> float:
    """Seconds of a duration: text such as `1m30s` or `15`, or a number of seconds.

    Raises:
        ValueError: it is not a duration, not positive, or longer than a year.
    """
    seconds = _seconds(value)
    if seconds is None:
        raise ValueError("must be a duration such as 500ms, 15s or 1m30s, or a number of seconds")
    if not 0 < seconds <= LONGEST_SECONDS:
        raise ValueError("must be longer than 0 and at most a year (1y)")
    return float(seconds)


def format_duration(seconds: float) -> str:
    """Return the shortest way Prometheus writes a duration, to the millisecond: `90` becomes `1m30s`."""
    left = round(seconds * 1000)
    parts = []
    for unit, unit_ms in _UNITS_MS.items():
        count, left = divmod(left, unit_ms)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def _seconds(value: object) -> float | None:
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, int):
        return None if isinstance(value, bool) else value
    return _seconds_of_text(value) if isinstance(value, str) else None


def _seconds_of_text(text: str) -> float | None:
    if _SECONDS.fullmatch(text):
        return float(text)
    match = _PROMETHEUS.fullmatch(text)
    if match is None or not text:
        return None
    return sum(int(count or 0) * _UNITS_MS[unit] for unit, count in match.groupdict().items()) / 1000
