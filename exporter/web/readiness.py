"""Whether the exporter is ready: every target was attempted once, and polling is alive. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.state.target_state import TargetState

_NAMES_SHOWN = 5


def not_ready(states: Sequence[TargetState], monotonic: float) -> str:
    """Why the exporter is not ready, as one line; empty when it is.

    One target whose rounds stay away is that target's fault; when they stay away for all of them,
    polling has stopped.
    """
    waiting = [state.target.name for state in states if state.checkup is None]
    if waiting:
        return f"{len(waiting)} of {len(states)} targets were not attempted yet: {_some(waiting)}"
    if states and all(state.fresh(monotonic) is None for state in states):
        names = _some([state.target.name for state in states])
        return f"polling has stopped: no target had a round within three intervals: {names}"
    return ""


def _some(names: Sequence[str]) -> str:
    """The first few names, made fit for one line."""
    shown = [name if name.isprintable() else repr(name) for name in names[:_NAMES_SHOWN]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
