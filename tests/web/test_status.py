from __future__ import annotations

from dataclasses import asdict

from exporter.diagnosis.rules import Diagnosis
from exporter.maintenance import Window
from exporter.observation import Observation, Visit
from exporter.reasons import Failure, Reason
from exporter.report.summary import summarize
from exporter.state.history import past_round
from exporter.state.store import Store
from exporter.state.target_state import TargetState
from exporter.targets import AccessPath, Node, Target
from exporter.web.status import PastError, TargetStatus, by_urgency, status_of
from tests.support.checkups import REFUSED, make_checkup, make_target

NOW = 1000.0


def state_of(target: Target, *failures: Failure | None, age: float = 0.0) -> TargetState:
    """The state after a round for each of these failures of the proxy path, 15 s apart, the first at 0."""
    store = Store([], [])
    store.set_targets([target])
    for number, failure in enumerate(failures):
        store.record(make_checkup(target, proxy=failure, at=15.0 * number), NOW - age)
    state = store.state(target.name)
    assert state is not None
    return state


def poll(state: TargetState) -> TargetStatus:
    return status_of(state, NOW, 0.0)


def test_a_status_is_the_summary_of_the_last_round_with_its_age() -> None:
    state = state_of(make_target(), None, None, age=4)
    status = poll(state)
    assert state.checkup
    assert status.summary == summarize(state.checkup)
    assert (status.diagnosis, status.needs_attention, status.stale) == (Diagnosis.OK, False, False)
    assert (status.finished_at, status.age_seconds, status.since) == (15.0, 4.0, {"": 0.0})


def test_a_broken_path_has_an_error_since_when_and_its_last_error() -> None:
    status = poll(state_of(make_target(), None, REFUSED))
    assert (status.needs_attention, status.since) == (True, {"": 15.0})
    assert status.last_errors == (PastError(AccessPath.PROXY, "", 15.0, str(REFUSED)),)


def test_a_path_that_recovered_keeps_its_last_error() -> None:
    status = poll(state_of(make_target(), None, REFUSED, None))
    assert status.summary
    assert status.summary.nodes[0].proxy.error == ""
    assert status.last_error("proxy", "") == PastError(AccessPath.PROXY, "", 15.0, str(REFUSED))
    assert status.last_error("direct", "") is None


def test_of_several_errors_the_latest_is_the_last_one() -> None:
    other = Failure(Reason.TIMEOUT, "no answer")
    status = poll(state_of(make_target(), REFUSED, other, None))
    assert status.last_error("proxy", "") == PastError(AccessPath.PROXY, "", 15.0, str(other))


def test_before_the_first_round_the_status_is_unknown() -> None:
    status = poll(state_of(make_target()))
    assert (status.needs_attention, status.stale, status.age_seconds) == (False, False, None)
    assert (status.diagnosis, status.summary) == (Diagnosis.UNKNOWN, None)


def test_a_round_that_is_too_old_is_not_shown_as_what_is() -> None:
    status = poll(state_of(make_target(), None, age=46))
    assert (status.needs_attention, status.stale, status.age_seconds) == (True, True, 46.0)
    assert (status.diagnosis, status.summary, status.since) == (Diagnosis.UNKNOWN, None, {})


def test_a_version_without_a_health_check_is_up_and_has_no_error() -> None:
    target = make_target()
    missing = Failure(Reason.NOT_FOUND, "HTTP 404 with an empty body")
    state = state_of(target)
    checkup = make_checkup(target)
    for route, visit in checkup.visits.items():
        health = Observation("health", route, missing, visit.observations[1].exchanges)
        checkup.visits[route] = Visit(route, visit.connections, (visit.observations[0], health))  # type: ignore[index]  # a dict, in truth
    state.history.append(past_round(checkup))
    assert poll(state).last_errors == ()


def test_maintenance_is_reported_with_its_reason() -> None:
    target = make_target(maintenance=(Window(-1.0, 1.0, "upgrade"),))
    assert poll(state_of(target, None)).maintenance == "upgrade"
    assert poll(state_of(make_target(), None)).maintenance is None


def test_each_node_has_its_own_diagnosis_and_the_target_the_worst() -> None:
    nodes = (Node("node1", "10.0.0.11"), Node("node2", "10.0.0.12"))
    status = poll(state_of(make_target(nodes=nodes), REFUSED))
    assert status.summary
    assert [(node.node, node.address) for node in status.summary.nodes] == [
        ("node1", "10.0.0.11"),
        ("node2", "10.0.0.12"),
    ]
    assert status.diagnosis is Diagnosis.PROXY_DOWN
    assert [past.node for past in status.last_errors] == ["node1", "node2"]


def test_the_broken_targets_come_first_then_those_that_wait_then_the_healthy_by_name() -> None:
    expired = Failure(Reason.CERTIFICATE_EXPIRED)
    states = [
        state_of(make_target("b-well"), None),
        state_of(make_target("a-well"), None),
        state_of(make_target("a-waits")),
        state_of(make_target("certificate"), expired),
        state_of(make_target("stale"), None, age=100),
        state_of(make_target("proxy-down"), REFUSED),
    ]
    names = [status.name for status in by_urgency(poll(state) for state in states)]
    assert names == ["proxy-down", "certificate", "stale", "a-waits", "a-well", "b-well"]


def test_the_field_names_that_are_the_json_stay() -> None:
    assert list(asdict(poll(state_of(make_target(), None)))) == [
        *("name", "url", "labels", "diagnosis", "needs_attention", "stale", "finished_at", "age_seconds"),
        *("interval_seconds", "maintenance", "since", "last_errors", "events", "summary"),
    ]
