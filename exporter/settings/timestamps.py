"""Timestamps in the configuration."""

from __future__ import annotations

import re
from datetime import datetime

_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def parse_timestamp(value: object) -> float:
    """Seconds since the epoch, from a date and time of RFC 3339.

    Raises:
        ValueError: it is not such a text, or no such day or time exists.
    """
    if isinstance(value, str) and _RFC_3339.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper()).timestamp()
        except (ValueError, OverflowError):
            raise ValueError("there is no such date or time") from None
    raise ValueError(
        "must be a date and time with its zone: 2026-12-01T20:00:00Z or 2026-12-01T21:00:00+01:00"
    )
