"""Maintenance of a target: planned windows, and the note in its maintenance file. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

_UNTIL = re.compile(r"until (?P<end>\S+)(?: (?P<reason>.*))?")


class Window(NamedTuple):
    """A planned maintenance; `start` (included) and `end` (not included) are seconds since the epoch."""

    start: float
    end: float
    reason: str = ""


def maintenance_reason(windows: Iterable[Window], now: float, note: str | None) -> str | None:
    """Return the reason of the maintenance at `now`, perhaps an empty one; None when there is no maintenance.

    `note` is the first line of the maintenance file, None when there is no such file. It is newer than any
    window, so its reason comes first. `now` is in seconds since the epoch.
    """
    reasons = [window.reason for window in windows if window.start <= now < window.end]
    if note is not None:
        end, reason = read_note_text(note)
        if end is None or now < end:
            reasons.insert(0, reason)
    return next((reason for reason in reasons if reason), "") if reasons else None


def read_note_text(note: str) -> tuple[float | None, str]:
    """Return the end (seconds since the epoch, None for none) and the reason that a maintenance file gives."""
    match = _UNTIL.fullmatch(note)
    end = _timestamp(match["end"]) if match else None
    return (end, match["reason"] or "") if match and end is not None else (None, note)


def write_note_text(end: float | None, reason: str) -> str:
    """Return the line of a maintenance file; `end` is in whole seconds since the epoch."""
    until = "" if end is None else f"until {datetime.fromtimestamp(end, UTC):%Y-%m-%dT%H:%M:%SZ}"
    return " ".join(part for part in (until, reason) if part)


def _timestamp(text: str) -> float | None:
    try:
        found = datetime.fromisoformat(text)
        return found.timestamp() if found.tzinfo else None
    except (ValueError, OverflowError):
        return None
