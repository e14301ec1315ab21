from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.diagnosis.rules import Diagnosis
from exporter.diagnosis.symptoms import Symptom
from exporter.report.severity import SEVERITIES
from exporter.state.store import Store
from exporter.web import badges, filters
from exporter.web.overview import entry_of
from tests.support.checkups import REFUSED, make_checkup, make_target


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0.0004, "< 1 ms"),
        (0.0571, "57 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.0 s"),
        (12.34, "12.3 s"),
    ],
)
def test_a_latency_is_shown_in_ms_or_s(seconds: float | None, text: str) -> None:
    assert filters.latency(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (-3.0, "0 s"),
        (4.9, "4 s"),
        (754.0, "12 min"),
        (7_500.0, "2 h 5 min"),
        (7_201.0, "2 h"),
        (300_000.0, "3 d"),
        (float("inf"), "–"),
    ],
)
def test_a_span_is_shown_in_its_largest_units(seconds: float | None, text: str) -> None:
    assert filters.span(seconds) == text


@pytest.mark.parametrize("at", [None, 1e300, float("nan"), -1e18])
def test_a_timestamp_outside_the_calendar_is_not_shown(at: float | None) -> None:
    assert (filters.timestamp(at), filters.machine_timestamp(at)) == ("–", "")


def test_a_timestamp_is_shown_in_utc() -> None:
    assert filters.timestamp(1_795_000_000.0) == "2026-11-18 11:06:40 UTC"


def test_every_state_has_a_symbol_and_a_word() -> None:
    shown = [badges.path_badge(symptom) for symptom in Symptom]
    shown += [badges.diagnosis_badge(diagnosis) for diagnosis in Diagnosis]
    shown += [badges.status_badge(status) for kind in SEVERITIES for status in kind]
    assert all(mark.symbol and mark.word for mark in shown)


def test_up_and_down_differ_in_symbol_and_word() -> None:
    up = badges.path_badge(Symptom.HEALTHY)
    down = badges.path_badge(Symptom.REFUSED)
    assert up.symbol != down.symbol
    assert (up.word, down.word) == ("up", "refused")


def test_a_path_that_is_not_expected_to_work_raises_no_alarm() -> None:
    mark = badges.path_badge(Symptom.REFUSED, expected=False)
    assert (mark.tone, mark.word) == ("idle", "refused, not expected to work")


@pytest.mark.parametrize(
    ("broken", "well", "waiting", "sentence"),
    [
        (0, 0, 0, "No targets are configured"),
        (0, 1, 0, "1 target, all healthy"),
        (0, 2, 0, "2 targets, all healthy"),
        (1, 0, 0, "1 of 1 target needs attention"),
        (2, 5, 1, "2 of 8 targets need attention"),
        (0, 1, 1, "1 of 2 targets awaits the first round"),
    ],
)
def test_the_headline_counts_what_needs_attention(
    broken: int, well: int, waiting: int, sentence: str
) -> None:
    store = Store([], [])
    targets = [make_target(str(number)) for number in range(broken + well + waiting)]
    store.set_targets(targets)
    for number, target in enumerate(targets[: broken + well]):
        store.record(make_checkup(target, proxy=REFUSED if number < broken else None), 0.0)
    assert badges.headline([entry_of(state, "", 0.0) for state in store.states]).word == sentence


def test_backticks_become_code_and_nothing_else_becomes_markup() -> None:
    assert filters.with_code("set `a<b` & see") == "set <code>a&lt;b</code> &amp; see"


@given(st.text())
def test_any_name_becomes_one_segment_of_a_url(name: str) -> None:
    assert not set(filters.segment(name)) & set("/?#<>\"' \n")
