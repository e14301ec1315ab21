"""The routes of a round as a round of details finds them, and what becomes of it if none leads to Onepanel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exporter.operations.outcome import NotLearnt
from exporter.reasons import Reason
from exporter.targets import Route

# These mean that the path is down: this request fails, and so do those that follow.
PATH_FAILURES = frozenset(
    {
        Reason.RESOLVE,
        Reason.CONNECTION_REFUSED,
        Reason.CONNECT_TIMEOUT,
        Reason.CONNECT,
        Reason.CONNECTION_LOST,
    }
)


@dataclass(frozen=True, slots=True)
class RoutesSeen:
    """The routes of the latest round, and those over which Onepanel answered, in the order of preference.

    `why_down` is the reason of the failure if it answered over none.
    """

    routes: Sequence[Route]
    up: Sequence[Route]
    why_down: Reason | None = None


def no_path(why_down: Reason | None) -> NotLearnt:
    """Return the outcome of a request that is not sent, as Onepanel answers over no path: with the reason of that."""
    why = f" ({why_down})" if why_down else ""
    return NotLearnt(f"not asked: Onepanel answers over no path{why}")
