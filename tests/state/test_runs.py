from __future__ import annotations

import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.diagnosis.rules import Diagnosis
from exporter.diagnosis.symptoms import Symptom
from exporter.state.latencies import BUCKET_SECONDS, Latencies
from exporter.state.runs import MOST_RUNS, Run, Runs

INTERVAL = 15.0


def runs_of(*seen: tuple[Diagnosis, float]) -> Runs[Diagnosis]:
    runs = Runs(Diagnosis)
    for diagnosis, at in seen:
        runs.add(diagnosis, at, at - INTERVAL)
    return runs


def test_a_state_lasts_until_another_is_seen() -> None:
    runs = runs_of(
        (Diagnosis.OK, 15.0), (Diagnosis.OK, 30.0), (Diagnosis.PROXY_DOWN, 45.0), (Diagnosis.OK, 60.0)
    )
    assert list(runs) == [
        Run(Diagnosis.OK, 0.0, 45.0),
        Run(Diagnosis.PROXY_DOWN, 45.0, 60.0),
        Run(Diagnosis.OK, 60.0, 60.0),
    ]


def test_a_time_without_rounds_is_a_run_of_its_own() -> None:
    runs = runs_of((Diagnosis.OK, 15.0), (Diagnosis.OK, 1000.0))
    assert list(runs) == [
        Run(Diagnosis.OK, 0.0, 15.0),
        Run(None, 15.0, 985.0),
        Run(Diagnosis.OK, 985.0, 1000.0),
    ]


def test_what_is_older_than_the_retention_is_dropped() -> None:
    runs = runs_of(
        (Diagnosis.OK, 15.0), (Diagnosis.PROXY_DOWN, 30.0), (Diagnosis.OK, 45.0), (Diagnosis.OK, 60.0)
    )
    runs.forget_before(40.0)
    assert list(runs) == [Run(Diagnosis.PROXY_DOWN, 40.0, 45.0), Run(Diagnosis.OK, 45.0, 60.0)]
    runs.forget_before(60.0)
    assert not list(runs)


times = st.lists(st.tuples(st.sampled_from(Diagnosis), st.floats(0.0, 200.0)), min_size=1, max_size=60)


@given(times)
def test_runs_add_up_to_the_time_watched(steps: list[tuple[Diagnosis, float]]) -> None:
    runs, now = Runs(Diagnosis), 1000.0
    for diagnosis, seconds in steps:
        now += seconds
        runs.add(diagnosis, now, now - INTERVAL)
    found = list(runs)
    assert found[-1].ended == pytest.approx(now, abs=0.1)
    assert sum(run.seconds for run in found) == pytest.approx(now - found[0].began, abs=0.1)
    assert all(one.ended == other.began and one.state != other.state for one, other in pairwise(found))
    assert found[-1].state == steps[-1][0]


@given(times)
def test_restored_runs_are_the_same(steps: list[tuple[Diagnosis, float]]) -> None:
    runs, now = Runs(Diagnosis), 1000.0
    for diagnosis, seconds in steps:
        now += seconds
        runs.add(diagnosis, now, now - INTERVAL)
    restored = Runs(Diagnosis)
    for run in runs:
        restored.restore(*run)
    assert list(restored) == list(runs)


@given(st.lists(st.floats(-100.0, 100.0), max_size=30))
def test_a_clock_that_is_set_back_makes_no_run_negative(steps: list[float]) -> None:
    runs, now = Runs(Diagnosis), 1000.0
    for number, seconds in enumerate(steps):
        now += seconds
        runs.add(tuple(Diagnosis)[number % 2], now, now - INTERVAL)
    assert all(run.seconds >= 0 for run in runs)


def test_latencies_are_summarized_by_five_minutes() -> None:
    latencies = Latencies()
    for number in range(1, 21):
        latencies.add(number / 100, 600.0 + number)
    latencies.add(1.0, 900.0)
    closed, _ = latencies
    assert (closed.began, closed.requests) == (600.0, 20)
    assert closed[2:] == pytest.approx((0.01, 0.105, 0.2, 0.19), rel=1e-3)
    assert [bucket.began for bucket in latencies] == [600.0, 900.0]
    latencies.forget_before(600.0 + BUCKET_SECONDS)
    assert [bucket.began for bucket in latencies] == [900.0]
    latencies.forget_before(900.0 + BUCKET_SECONDS)
    assert not list(latencies)


@pytest.mark.long
def test_a_day_of_a_target_that_flaps_in_every_round_takes_less_than_24_kib() -> None:
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    diagnoses, symptoms = Runs(Diagnosis), [Runs(Symptom), Runs(Symptom)]
    latencies = [Latencies(), Latencies()]
    for number in range(24 * 3600 // 15):
        now = 1_795_000_000.0 + 15.0 * number
        diagnoses.add(tuple(Diagnosis)[number % 2], now, now - 15.0)
        for route in (0, 1):
            symptoms[route].add(tuple(Symptom)[number % 2], now, now - 15.0)
            latencies[route].add(number / 1000, now)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(diagnoses) == MOST_RUNS
    assert after - before < 24 * 1024
