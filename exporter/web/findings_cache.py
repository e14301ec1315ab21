"""A cache of whether the latest rounds have findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from exporter.diagnosis.checkup import Checkup
from exporter.observation import Details
from exporter.report.findings import find
from exporter.state.target_state import TargetState

# A certificate may come near its end without any change.
_KNOWN_SECONDS = 300.0


class _Known(NamedTuple):
    """Whether a round has findings, and what that depends on: everything that it said, but not its times."""

    said: Checkup | None
    details: Details | None
    at: float
    has_findings: bool


@dataclass(slots=True)
class FindingsCache:
    """Whether the latest checkup of each target has findings: that takes longer than everything else of an entry.

    Nearly every round says what the round before said.
    """

    _known: dict[str, _Known] = field(default_factory=dict)

    def has_findings(self, state: TargetState, checkup: Checkup, monotonic: float) -> bool:
        """Return whether the latest checkup of a target has findings."""
        known = self._known.get(state.target.name)
        said = state.history.latest.saying if state.history.latest else None
        if (
            known is None
            or known.said is not said
            or known.details is not checkup.details
            or monotonic - known.at > _KNOWN_SECONDS
        ):
            found = any(True for _ in find(checkup))
            known = self._known[state.target.name] = _Known(said, checkup.details, monotonic, found)
        return known.has_findings

    def keep_only(self, names: Iterable[str]) -> None:
        """Forget all other targets."""
        for name in self._known.keys() - set(names):
            del self._known[name]
