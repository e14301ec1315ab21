from __future__ import annotations

import pytest

from exporter.state.store import Store
from exporter.state.target_state import TargetState
from exporter.web.readiness import not_ready
from tests.support.checkups import REFUSED, make_checkup, make_target

NOW = 1000.0
FRESH, STALE = NOW - 45, NOW - 46  # the interval is 15 s


def states(**finished: float | None) -> tuple[TargetState, ...]:
    """A target for each name, whose last round was finished then; None: never."""
    store = Store([], [])
    targets = {name: make_target(name) for name in finished}
    store.set_targets(targets.values())
    for name, monotonic in finished.items():
        if monotonic is not None:
            store.record(make_checkup(targets[name], REFUSED, REFUSED), monotonic)
    return store.states


@pytest.mark.parametrize(
    "finished",
    [
        pytest.param({}, id="nothing to watch"),
        pytest.param({"a": FRESH}, id="attempted, though it failed"),
        pytest.param({"a": FRESH, "b": STALE}, id="one target's rounds stay away"),
    ],
)
def test_it_is_ready_once_every_target_was_attempted(finished: dict[str, float]) -> None:
    assert not not_ready(states(**finished), NOW)


def test_it_is_not_ready_before_every_target_was_attempted() -> None:
    assert not_ready(states(a=FRESH, b=None), NOW) == "1 of 2 targets were not attempted yet: b"


def test_only_the_first_few_targets_are_named() -> None:
    reason = not_ready(states(**dict.fromkeys("abcdefg")), NOW)
    assert reason == "7 of 7 targets were not attempted yet: a, b, c, d, e and 2 more"


def test_it_is_not_ready_when_no_target_had_a_round_for_three_intervals() -> None:
    reason = not_ready(states(a=STALE, b=STALE), NOW)
    assert reason == "polling has stopped: no target had a round within three intervals: a, b"


def test_a_name_cannot_break_the_line() -> None:
    assert "\n" not in not_ready(states(**{"a\nb": None}), NOW)
