from __future__ import annotations

from dataclasses import asdict, replace

from exporter.diagnosis import Diagnosis, Symptom
from exporter.observation import Observation
from exporter.reasons import Failure, Reason
from exporter.store import Store, TargetState
from exporter.targets import AccessPath, Kind, Node, Target
from exporter.web.summarize import by_urgency, rounds, summarize
from exporter.web.summary import PastError, PathState
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


def test_a_healthy_target_is_summed_up_with_what_it_said_of_itself() -> None:
    summary = summarize(state_of(make_target(), None, None, age=4), NOW)
    assert (summary.diagnosis, summary.needs_attention, summary.stale) == (Diagnosis.OK, False, False)
    assert (summary.kind, summary.version, summary.cluster_name) == (
        Kind.ONEZONE,
        "21.02.7",
        "Reference Zone",
    )
    assert (summary.finished_at, summary.age_seconds, summary.duration_seconds) == (15.0, 4.0, 0.25)
    node = summary.nodes[0]
    assert node.since == 0.0
    assert (node.proxy.state, node.proxy.health_seconds, node.proxy.error) == (PathState.UP, 0.11, "")
    assert (node.direct.state, node.direct.health_seconds) == (PathState.UP, 0.06)
    assert node.direct.certificate is not None
    assert node.direct.last_error is None


def test_a_broken_path_is_summed_up_with_its_error_and_what_to_do() -> None:
    node = summarize(state_of(make_target(), None, REFUSED), NOW).nodes[0]
    assert (node.diagnosis, node.since) == (Diagnosis.PROXY_DOWN, 15.0)
    assert "restart" in node.first_step
    assert (node.proxy.state, node.proxy.symptom) == (PathState.DOWN, Symptom.REFUSED)
    assert node.proxy.error == "connection_refused: Connect call failed"
    assert [seen.advice for seen in node.proxy.operations] == [Reason.CONNECTION_REFUSED.advice] * 2


def test_a_path_that_recovered_still_tells_its_last_error() -> None:
    node = summarize(state_of(make_target(), None, REFUSED, None), NOW).nodes[0]
    assert node.proxy.error == ""
    assert node.proxy.last_error == PastError(15.0, str(REFUSED))


def test_nothing_is_said_before_the_first_round() -> None:
    summary = summarize(state_of(make_target()), NOW)
    assert (summary.needs_attention, summary.stale, summary.age_seconds) == (False, False, None)
    assert summary.nodes[0].diagnosis is Diagnosis.UNKNOWN
    assert summary.nodes[0].proxy.state is PathState.UNSEEN


def test_a_round_that_is_too_old_is_not_shown_as_what_is() -> None:
    summary = summarize(state_of(make_target(), None, age=46), NOW)
    assert (summary.needs_attention, summary.stale, summary.age_seconds) == (True, True, 46.0)
    assert (summary.diagnosis, summary.version) == (Diagnosis.UNKNOWN, "")
    node = summary.nodes[0]
    assert (node.proxy.state, node.proxy.certificate, node.since) == (PathState.UNSEEN, None, None)


def test_a_version_without_a_health_check_is_up_and_has_no_error() -> None:
    target = make_target()
    checkup = make_checkup(target)
    missing = Failure(Reason.NOT_FOUND, "HTTP 404 with an empty body")
    visits = {}
    for route, visit in checkup.visits.items():
        exchange = replace(visit.observations[1].last, status=404, failure=missing)
        health = Observation("health", route, missing, (exchange,))
        visits[route] = replace(visit, observations=(visit.observations[0], health))
    state = state_of(target, None)
    state.checkup = replace(checkup, visits=visits)
    path = summarize(state, NOW).nodes[0].direct
    assert (path.state, path.error) == (PathState.UP, "")
    assert path.operations[1].error == str(missing)


def test_each_node_has_its_own_diagnosis_and_the_target_the_worst() -> None:
    nodes = (Node("node1", "10.0.0.11"), Node("node2", "10.0.0.12"))
    summary = summarize(state_of(make_target(nodes=nodes), REFUSED), NOW)
    assert [(node.node, node.address) for node in summary.nodes] == [
        ("node1", "10.0.0.11"),
        ("node2", "10.0.0.12"),
    ]
    assert summary.diagnosis is Diagnosis.PROXY_DOWN


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
    names = [summary.name for summary in by_urgency(summarize(state, NOW) for state in states)]
    assert names == ["proxy-down", "certificate", "stale", "a-waits", "a-well", "b-well"]


def test_the_past_rounds_are_told_latest_first() -> None:
    told = rounds(state_of(make_target(), None, REFUSED))
    assert [past.diagnosis for past in told] == [Diagnosis.PROXY_DOWN, Diagnosis.OK]
    assert [result.route.path for result in told[0].results] == [AccessPath.PROXY, AccessPath.DIRECT]
    assert [result.state for result in told[0].results] == [PathState.DOWN, PathState.UP]


def test_the_field_names_that_are_the_json_stay() -> None:
    summary = asdict(summarize(state_of(make_target(), None), NOW))
    node = summary["nodes"][0]
    assert list(summary) == [
        *("name", "url", "kind", "version", "build", "cluster_id", "cluster_name", "labels", "diagnosis"),
        *("needs_attention", "stale", "finished_at", "age_seconds", "duration_seconds", "interval_seconds"),
        "nodes",
    ]
    assert list(node) == [
        *("node", "address", "diagnosis", "meaning", "first_step", "since", "proxy", "direct"),
    ]
    assert list(node["proxy"]) == [
        *("origin", "expected", "state", "symptom", "meaning", "error", "last_error", "health_seconds"),
        *("phases", "certificate", "operations"),
    ]
    assert list(node["proxy"]["operations"][0]) == ["operation", "status", "seconds", "error", "advice"]
