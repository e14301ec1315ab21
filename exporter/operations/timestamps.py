"""Reading the timestamps that Onepanel writes (ISO 8601)."""

from __future__ import annotations

from datetime import UTC, datetime


def read_timestamp(value: object) -> float | None:
    """Return seconds since the epoch; None for anything that is not a timestamp. Without a zone it is UTC."""
    if not isinstance(value, str):
        return None
    try:
        timestamp = datetime.fromisoformat(value)
        return (timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
