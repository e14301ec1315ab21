from __future__ import annotations

import gc

from exporter.diagnosis.rules import Diagnosis
from exporter.state.incidents import MOST_CLOSED, Brief, Incident, Incidents, Opening
from exporter.state.target_state import DiagnosisChange
from tests.support.checkups import make_target

UNKNOWN, OK, DOWN, UNREACHABLE = Diagnosis.UNKNOWN, Diagnosis.OK, Diagnosis.PROXY_DOWN, Diagnosis.UNREACHABLE
REASONS = {"proxy": "connection_refused", "direct": None}


def change(
    incidents: Incidents,
    at: float,
    diagnoses: tuple[Diagnosis, Diagnosis],
    place: tuple[str, str] = ("a", ""),
) -> None:
    """Follow a change between two diagnoses; one from `unknown` is the first after a start."""
    before, after = diagnoses
    lasted = None if before is UNKNOWN else 10.0
    news = DiagnosisChange(make_target(place[0]), place[1], before, after, lasted)
    incidents.follow(news, Opening(at, REASONS, lambda: {"seen_at": at}))


def shown(incidents: Incidents) -> list[tuple[str, str, float, float | None]]:
    return [(each.before, each.after, each.since, each.until) for each in incidents.latest_first()]


def test_each_change_closes_the_incident_before_and_opens_the_next() -> None:
    incidents = Incidents()
    change(incidents, 10.0, (UNKNOWN, OK))
    assert not shown(incidents)
    change(incidents, 20.0, (OK, DOWN))
    change(incidents, 30.0, (DOWN, UNREACHABLE))
    assert shown(incidents) == [("proxy_down", "unreachable", 30.0, None), ("ok", "proxy_down", 20.0, 30.0)]
    change(incidents, 40.0, (UNREACHABLE, OK))
    assert [each[3] for each in shown(incidents)] == [40.0, 30.0]
    (latest, _) = incidents.latest_first()
    assert latest.evidence == {"seen_at": 30.0}
    assert latest.reasons == REASONS
    assert incidents.get(latest.incident_id) is latest


def test_a_first_diagnosis_that_is_not_ok_opens_an_incident() -> None:
    incidents = Incidents()
    change(incidents, 10.0, (UNKNOWN, DOWN))
    assert shown(incidents) == [("unknown", "proxy_down", 10.0, None)]


def test_after_a_restart_an_open_incident_continues_or_ends() -> None:
    before = Incidents()
    change(before, 10.0, (OK, DOWN))
    for after, expected in (
        (DOWN, [("ok", "proxy_down", 10.0, None)]),
        (OK, [("ok", "proxy_down", 10.0, 50.0)]),
        (UNREACHABLE, [("proxy_down", "unreachable", 50.0, None), ("ok", "proxy_down", 10.0, 50.0)]),
    ):
        incidents = Incidents()
        incidents.restore(before.latest_first())
        change(incidents, 50.0, (UNKNOWN, after))
        assert shown(incidents) == expected


def test_at_most_one_is_open_for_a_node_and_the_oldest_closed_ones_go_first() -> None:
    incidents = Incidents()
    for number in range(MOST_CLOSED + 10):
        change(incidents, 10.0 * number, (OK, DOWN), ("a", "n1"))
        change(incidents, 10.0 * number + 5, (DOWN, OK), ("a", "n1"))
    change(incidents, 99_999.0, (OK, DOWN), ("a", "n1"))
    change(incidents, 99_999.0, (OK, DOWN), ("a", "n2"))
    found = list(incidents.latest_first())
    assert [each.until for each in found[:3]] == [None, None, 2095.0]
    assert len(found) == MOST_CLOSED + 2
    assert min(each.since for each in found) == 100.0
    assert len({each.incident_id for each in found}) == len(found)


def test_nodes_and_targets_that_are_gone_have_no_open_incident() -> None:
    incidents = Incidents()
    change(incidents, 10.0, (OK, DOWN), ("a", "n1"))
    change(incidents, 10.0, (OK, DOWN), ("a", "n2"))
    change(incidents, 10.0, (OK, DOWN), ("b", ""))
    incidents.keep_nodes("a", {"n1": OK}, 20.0)
    assert incidents.count_open() == 2
    incidents.keep_targets(["a"], 30.0)
    assert [(each.target, each.node) for each in incidents.latest_first() if each.until is None] == [
        ("a", "n1")
    ]
    assert {each.until for each in incidents.latest_first()} == {None, 20.0, 30.0}


def test_nothing_stays_of_incidents_that_are_no_longer_kept() -> None:
    incidents = Incidents()
    for number in range(MOST_CLOSED + 300):
        change(incidents, 10.0 * number, (OK, DOWN), ("no-others", ""))
        change(incidents, 10.0 * number + 5, (DOWN, OK), ("no-others", ""))
    alive = [each for each in gc.get_objects() if isinstance(each, Incident) and each.target == "no-others"]
    assert len(alive) == MOST_CLOSED


def test_brief_incidents_are_withdrawn() -> None:
    brief = Brief(60.0, frozenset({DOWN.value, UNREACHABLE.value}))
    incidents = Incidents()
    change(incidents, 10.0, (OK, DOWN))
    change(incidents, 20.0, (DOWN, OK))
    change(incidents, 30.0, (OK, DOWN))
    change(incidents, 40.0, (DOWN, UNREACHABLE))
    assert incidents.withdraw("a", "", 72.0, brief) == 20.0 + 10.0
    assert shown(incidents) == [("ok", "proxy_down", 10.0, 20.0)]
    assert incidents.withdraw("a", "", 72.0, brief) is None


def test_an_incident_that_is_long_or_of_another_kind_is_not_withdrawn() -> None:
    incidents = Incidents()
    change(incidents, 10.0, (OK, DOWN))
    assert incidents.withdraw("a", "", 80.0, Brief(60.0, frozenset({DOWN.value}))) is None
    assert incidents.withdraw("a", "", 20.0, Brief(60.0, frozenset({UNREACHABLE.value}))) is None
    assert incidents.withdraw("b", "", 20.0, Brief(60.0, frozenset({DOWN.value}))) is None
    assert incidents.count_open() == 1
    change(incidents, 70.0, (DOWN, UNREACHABLE))
    # It is the end of a longer one.
    assert incidents.withdraw("a", "", 80.0, Brief(60.0, frozenset({DOWN.value, UNREACHABLE.value}))) is None
