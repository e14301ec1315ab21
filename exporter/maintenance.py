"""Maintenance: the times at which somebody works on a target, so that nobody need be called. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Window(NamedTuple):
    """A planned maintenance; `start` (included) and `end` (not included) are seconds since the epoch."""

    start: float
    end: float
    reason: str = ""


def maintenance_reason(windows: Iterable[Window], now: float, note: str | None) -> str | None:
    """Why maintenance goes on at `now`, perhaps an empty reason; None when there is no maintenance.

    `note` is what the touch file says, None where there is none. It was written today, a window long
    before, so it has the first word.
    """
    reasons = [window.reason for window in windows if window.start <= now < window.end]
    if note is not None:
        reasons.insert(0, note)
    return next((reason for reason in reasons if reason), "") if reasons else None
