from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.diagnosis.rules import Diagnosis
from exporter.discovery.membership import Membership
from exporter.observation import Phase
from exporter.reasons import Reason
from exporter.state.counters import Histogram
from exporter.state.store import Store
from exporter.targets import AccessPath, Route
from tests.support.checkups import REFUSED, make_checkup, make_target

PROXY = Route(AccessPath.PROXY)
DIRECT = Route(AccessPath.DIRECT)
NAMES = ("configuration", "health")
BUCKETS = (0.01, 0.1, 1.0)


def store_of(*names: str) -> Store:
    store = Store(NAMES, BUCKETS)
    store.set_targets([make_target(name) for name in names])
    return store


def test_a_finished_round_is_counted_and_becomes_the_latest() -> None:
    store = store_of("a")
    state = store.states[0]
    checkup = make_checkup(state.target, proxy=REFUSED)
    store.record(checkup, monotonic=100.0)
    assert state.checkup is checkup
    assert state.polls == 1
    assert state.counters_by_route[PROXY].requests == {"configuration": 1, "health": 1}
    assert state.counters_by_route[PROXY].failures["health", Reason.CONNECTION_REFUSED] == 1
    assert state.counters_by_route[PROXY].durations["health"].numbers()[-2] == 0
    assert state.counters_by_route[DIRECT].durations["health"].numbers()[-2] == 1
    assert state.counters_by_route[DIRECT].phase_seconds[Phase.TLS] == 0.004
    assert state.counters_by_route[PROXY].last_success_at is None
    assert state.counters_by_route[DIRECT].last_success_at == checkup.finished_at


def test_a_diagnosis_is_reported_only_when_it_changes() -> None:
    store = store_of("a")
    target = store.states[0].target
    rounds = [
        (make_checkup(target, at=10.0), [(Diagnosis.UNKNOWN, Diagnosis.OK, None)]),
        (make_checkup(target, at=25.0), []),
        (make_checkup(target, proxy=REFUSED, at=40.0), [(Diagnosis.OK, Diagnosis.PROXY_DOWN, 30.0)]),
        (make_checkup(target, proxy=REFUSED, at=55.0), []),
        (make_checkup(target, at=70.0), [(Diagnosis.PROXY_DOWN, Diagnosis.OK, 30.0)]),
    ]
    for checkup, expected in rounds:
        changes = store.record(checkup, monotonic=checkup.finished_at)
        assert [(change.before, change.after, change.lasted) for change in changes] == expected
    assert store.states[0].diagnosed_since == {"": 70.0}


def test_a_checkup_is_fresh_for_three_intervals() -> None:
    store = store_of("a")
    state = store.states[0]
    assert state.fresh(0.0) is None
    checkup = make_checkup(state.target)
    store.record(checkup, monotonic=100.0)
    assert state.fresh(145.0) is checkup
    assert state.fresh(145.1) is None


def test_equal_targets_keep_their_state_and_removed_ones_leave_nothing() -> None:
    store = store_of("kept", "removed")
    kept, removed = store.states
    store.record(make_checkup(kept.target), 1.0)
    store.set_targets([make_target("new"), make_target("kept")])
    assert [state.target.name for state in store.states] == ["new", "kept"]
    assert store.state("kept") is kept
    assert store.state("removed") is None
    store.record(make_checkup(removed.target), 2.0)
    store.skip("removed")
    assert [state.target.name for state in store.states] == ["new", "kept"]
    assert store.membership(removed.target) == Membership()


def test_a_target_at_another_address_starts_again_and_drops_late_rounds() -> None:
    store = store_of("a")
    old = store.states[0].target
    store.record(make_checkup(old), 1.0)
    store.set_targets([replace(make_target("a"), direct_url="https://elsewhere.example:9443")])
    assert store.record(make_checkup(old), 2.0) == []
    state = store.state("a")
    assert state is not None
    assert (state.polls, state.checkup) == (0, None)


def test_a_target_whose_labels_changed_keeps_what_was_counted() -> None:
    store = store_of("a")
    store.record(make_checkup(store.states[0].target), 1.0)
    labelled = make_target("a", labels=(("site", "cracow"),))
    store.set_targets([labelled])
    state = store.state("a")
    assert state is not None
    assert (state.polls, state.target) == (1, labelled)
    assert state.checkup is not None


@given(st.lists(st.floats(0, 10), max_size=50))
def test_a_histogram_counts_like_prometheus(values: list[float]) -> None:
    bounds = (*BUCKETS, math.inf)
    histogram = Histogram(bounds)
    for value in values:
        histogram.observe(value)
    *buckets, count, total = histogram.numbers()
    assert histogram.bounds == bounds
    assert buckets == [sum(value <= bound for value in values) for bound in bounds]
    assert count == len(values)
    assert math.isclose(total, sum(values), abs_tol=1e-9)


def test_a_histogram_has_a_bucket_for_every_observation() -> None:
    with pytest.raises(ValueError, match="the last bound must be"):
        Histogram((0.1, 1.0))
