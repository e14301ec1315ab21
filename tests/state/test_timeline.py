from __future__ import annotations

import gc
import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.diagnosis.rules import Diagnosis
from exporter.diagnosis.symptoms import Symptom
from exporter.operations.host_status import Status
from exporter.state.events import Event
from exporter.state.store import Store
from exporter.state.timeline import Timeline
from exporter.targets import AccessPath, Node
from tests.support.checkups import REFUSED, make_checkup, make_details, make_target

BEGAN = 1_795_000_000.0
SECONDS = 60.0
DAY_IN_ROUNDS = int(24 * 3600 / SECONDS)
LIMIT_BYTES = 24 * 1024


def recorded(*rounds: tuple[float, bool], timeline: Timeline | None = None) -> Timeline:
    """A timeline of rounds: when they were finished, and whether the proxy path was up."""
    kept, target = timeline or Timeline(), make_target()
    for at, is_up in rounds:
        kept.record(make_checkup(target, proxy=None if is_up else REFUSED, at=at), 45.0)
    return kept


def test_each_path_and_the_diagnosis_have_runs_of_their_own() -> None:
    timeline = recorded((BEGAN, True), (BEGAN + 15, False), (BEGAN + 30, False), (BEGAN + 45, True))
    assert [(run.state, run.seconds) for run in timeline.diagnoses] == [
        (Diagnosis.OK, 15.25),
        (Diagnosis.PROXY_DOWN, 30.0),
        (Diagnosis.OK, 0.0),
    ]
    assert [run.state for run in timeline.path(AccessPath.PROXY, "")] == [
        Symptom.HEALTHY,
        Symptom.REFUSED,
        Symptom.HEALTHY,
    ]
    assert [run.state for run in timeline.path(AccessPath.DIRECT, "")] == [Symptom.HEALTHY]
    (proxy,), (direct,) = (timeline.latencies[path] for path in AccessPath)
    assert (proxy.requests, direct.requests) == (2, 4)
    assert (proxy.mean, direct.mean) == pytest.approx((0.11, 0.06))


def test_a_pause_in_polling_is_neither_up_nor_down() -> None:
    timeline = recorded((BEGAN, True), (BEGAN + 1000, True))
    assert [(run.state, run.began, run.ended) for run in timeline.diagnoses] == [
        (Diagnosis.OK, BEGAN - 0.25, BEGAN),
        (None, BEGAN, BEGAN + 999.75),
        (Diagnosis.OK, BEGAN + 999.75, BEGAN + 1000),
    ]


def test_the_retention_holds_for_a_target_that_does_not_answer() -> None:
    timeline, target = recorded((BEGAN, True)), make_target()
    for hours in range(1, 27):
        unreachable = make_checkup(target, REFUSED, REFUSED, at=BEGAN + 3600.0 * hours)
        timeline.record(unreachable, continues_after=4000.0)
    assert [run.state for run in timeline.diagnoses] == [Diagnosis.UNREACHABLE]
    assert not any(map(list, timeline.latencies.values()))


def test_of_the_hosts_of_a_service_the_worst_status_counts() -> None:
    timeline, details = Timeline(), make_details(make_target())
    timeline.record_details(replace(details, finished_at=BEGAN), 180.0)
    assert {name: [run.state for run in runs] for name, runs in timeline.services().items()} == {
        name: [Status.UNREACHABLE] for name in ("worker", "manager", "database")
    }


def test_a_reload_keeps_the_timeline_and_another_place_begins_a_new_one() -> None:
    store, target = Store([], []), make_target()
    store.set_targets([target])
    store.record(make_checkup(target), 1.0)
    relabelled = replace(target, labels=(("site", "cracow"),))
    store.set_targets([relabelled])
    assert store.states[0].timeline.ended
    store.set_targets([replace(relabelled, direct_url="https://elsewhere.example:9443")])
    assert not store.states[0].timeline.ended


rounds = st.lists(st.tuples(st.floats(1.0, 120.0), st.booleans()), min_size=1, max_size=50)


@given(rounds)
def test_a_timeline_is_the_same_after_it_was_saved_and_restored(steps: list[tuple[float, bool]]) -> None:
    at, seen = BEGAN, []
    for seconds, is_up in steps:
        at += seconds
        seen.append((at, is_up))
    timeline, restored = recorded(*seen), Timeline()
    saved = sorted(timeline.saved_runs(0.0), key=lambda run: (run.lane, run.began))
    for run in saved:
        restored.restore_run(run)
    for bucket in sorted(timeline.saved_buckets(0.0), key=lambda each: each.bucket.began):
        restored.restore_bucket(bucket)
    assert {lane: list(runs) for lane, runs in restored.runs.items()} == {
        lane: list(runs) for lane, runs in timeline.runs.items()
    }
    for path in AccessPath:
        before, after = (list(each.latencies.get(path, ())) for each in (timeline, restored))
        assert [each.began for each in before] == [each.began for each in after]
        assert [each.mean for each in before] == pytest.approx([each.mean for each in after], rel=1e-3)


@given(rounds, rounds)
def test_runs_add_up_to_the_time_watched_over_a_restart(
    one: list[tuple[float, bool]], other: list[tuple[float, bool]]
) -> None:
    timeline, at = Timeline(), BEGAN
    for steps in (one, other):
        again = Timeline()
        for run in sorted(timeline.saved_runs(0.0), key=lambda run: (run.lane, run.began)):
            again.restore_run(run)
        timeline = again
        for seconds, is_up in steps:
            at += seconds
            recorded((at, is_up), timeline=timeline)
    found = list(timeline.diagnoses)
    assert found[-1].ended == at
    assert sum(run.seconds for run in found) == pytest.approx(at - found[0].began)


def test_a_file_has_a_timeline_once_it_has_the_last_round_and_the_last_event() -> None:
    timeline = recorded((BEGAN, True))
    timeline.saved_until = BEGAN
    seen = [timeline.is_saved]
    timeline.events.add(Event(BEGAN, "", "certificate renewed"))
    seen.append(timeline.is_saved)
    timeline.events.saved = timeline.events.noted
    seen.append(timeline.is_saved)
    recorded((BEGAN + 15, True), timeline=timeline)
    assert [*seen, timeline.is_saved] == [True, False, True, False]


@pytest.mark.long
@pytest.mark.parametrize("nodes", [1, 5, 10])
def test_a_day_of_a_target_that_flaps_in_every_round_takes_at_most_24_kib(nodes: int) -> None:
    named = tuple(Node(f"n{number}", f"10.0.0.{number}") for number in range(nodes)) if nodes > 1 else ()
    target = make_target(nodes=named)
    checkups = [make_checkup(target, proxy=failure, at=BEGAN) for failure in (None, REFUSED)]
    details = [replace(make_details(target), finished_at=BEGAN)]
    timeline = Timeline()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(DAY_IN_ROUNDS):
        at = BEGAN + SECONDS * number
        timeline.record(replace(checkups[number % 2], finished_at=at), 3 * SECONDS)
        timeline.record_details(replace(details[0], finished_at=at), 180.0)
    gc.collect()  # the interpreter keeps freed lists and tuples for reuse
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(timeline.latencies[AccessPath.DIRECT]) >= 287
    assert after - before <= LIMIT_BYTES
