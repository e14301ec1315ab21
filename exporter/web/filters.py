"""How the pages put values into words: durations, timestamps, names. Pure; filters of the templates."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import quote

from markupsafe import Markup, escape

from exporter.settings.durations import format_duration

NOT_KNOWN = "–"
_MS_PER_SECOND = 1000
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def hosts(components: Mapping[str, Mapping[str, StrEnum]]) -> list[str]:
    """Return all hosts that run any of the services, each once."""
    return list(dict.fromkeys(host for by_host in components.values() for host in by_host))


def latency(seconds: float | None) -> str:
    """Return a short duration: `57 ms`, `2.4 s`."""
    if seconds is None:
        return NOT_KNOWN
    milliseconds = round(seconds * 1000)
    if milliseconds >= _MS_PER_SECOND:
        return f"{seconds:.1f} s"
    return f"{milliseconds} ms" if milliseconds else "< 1 ms"


def span(seconds: float | None) -> str:
    """Return a long duration in its two largest units: `4 s`, `12 min`, `2 h 5 min`, `3 d`."""
    if seconds is None or not math.isfinite(seconds):
        return NOT_KNOWN
    left = max(0, int(seconds))
    parts = []
    for unit, unit_seconds in _UNITS:
        count, left = divmod(left, unit_seconds)
        if count:
            parts.append((count, unit))
    if not parts:
        return "0 s"
    keep = 2 if parts[0][1] == "h" and len(parts) > 1 and parts[1][1] == "min" else 1
    return " ".join(f"{count} {unit}" for count, unit in parts[:keep])


def timestamp(at: float | None) -> str:
    """Return a timestamp in UTC: `2026-11-23 08:34:42 UTC`."""
    when = _utc(at)
    return f"{when:%Y-%m-%d %H:%M:%S} UTC" if when else NOT_KNOWN


def clock_minutes(at: float) -> str:
    """Return the time of day in UTC, without seconds."""
    when = _utc(at)
    return f"{when:%H:%M}" if when else NOT_KNOWN


def machine_timestamp(at: float | None) -> str:
    """Return a timestamp for the `datetime` attribute of HTML."""
    when = _utc(at)
    return when.isoformat(timespec="seconds") if when else ""


def segment(name: str) -> str:
    """Return a name as one segment of a URL path. Lone surrogates, which have no UTF-8, are replaced."""
    return quote(name.encode("utf-8", "replace"), safe="")


def with_code(text: str) -> Markup:
    """Text with what stands between backticks set as code."""
    pieces = (escape(piece) for piece in text.split("`"))
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if number % 2 else piece
        for number, piece in enumerate(pieces)
    )


def breakable(text: str) -> Markup:
    """Return text that may be broken after underscores rather than within a word."""
    return Markup("_<wbr>").join(escape(part) for part in text.split("_"))


def capitalize_first(text: str) -> str:
    """Text with its first letter made a capital."""
    return text[:1].upper() + text[1:]


def _utc(at: float | None) -> datetime | None:
    try:
        return None if at is None else datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError):
        return None  # a certificate may claim any year


FILTERS = {
    "breakable": breakable,
    "capitalize_first": capitalize_first,
    "clock_minutes": clock_minutes,
    "code": with_code,
    "duration": format_duration,
    "hosts": hosts,
    "latency": latency,
    "machine_timestamp": machine_timestamp,
    "timestamp": timestamp,
    "segment": segment,
    "span": span,
}
