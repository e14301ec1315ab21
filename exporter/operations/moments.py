"""Reading the moments that Onepanel writes (ISO 8601)."""

from __future__ import annotations

from datetime import UTC, datetime


def read_moment(value: object) -> float | None:
    """Seconds since the epoch; None for anything that is no moment. Without a zone it is UTC."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
