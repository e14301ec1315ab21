"""Several nodes, one of which is dead: it is named first, and what its neighbours suffer is no fault of theirs."""

from __future__ import annotations

from dataclasses import replace

from exporter.diagnosis.checkup import Checkup
from exporter.diagnosis.conclusion import conclude
from exporter.diagnosis.rules import Diagnosis
from exporter.observation import Details, Exchange, Observation, Visit
from exporter.operations.component_status import ComponentStatus
from exporter.operations.host_status import Status
from exporter.reasons import Failure, Reason
from exporter.report import status_line, summarize
from exporter.targets import AccessPath, Node, Route
from tests.support.checkups import failed_visit, good_visit, make_target

TARGET = make_target(nodes=(Node("a", "192.0.2.1"), Node("b", "192.0.2.2")))
UNHEALTHY = Failure(Reason.UNHEALTHY, "HTTP 500", "internalServerError")
SILENT, VANISHED = Failure(Reason.TIMEOUT), Failure(Reason.CONNECT_TIMEOUT)


def unhealthy_visit(route: Route) -> Visit:
    """A visit to a Onepanel that reports its configuration, and that a node of its cluster does not answer."""
    visit = good_visit(route)
    health = Observation("health", route, UNHEALTHY, (Exchange(route, 500, 0.1, 50, UNHEALTHY),))
    return replace(visit, observations=(visit.observations[0], health))


def rounds(*of_a: Failure | None, b: Failure | None = VANISHED, before: Checkup | None = None) -> Checkup:
    """The last of several rounds: node a answers, or fails so; node b fails in every round."""
    for failure in of_a:
        visits = [
            failed_visit(route, fails)
            if (fails := failure if route.node == "a" else b)
            else good_visit(route)
            for route in TARGET.routes
        ]
        before = conclude(TARGET, visits, 100.0, 0.1, before=before)
    assert before is not None
    return before


def test_the_headline_counts_the_nodes_that_share_the_worst_diagnosis() -> None:
    summary = summarize(rounds(None))
    assert summary.headline == "1 of 2 nodes unreachable"
    assert "CRITICAL - my-zone: 1 of 2 nodes unreachable, b: unreachable (" in status_line(summary)
    assert summarize(rounds(None, b=None)).headline == "ok"


def test_an_unhealthy_node_names_the_dead_one_as_the_first_step() -> None:
    visits = [
        unhealthy_visit(route) if route.node == "a" else failed_visit(route, VANISHED)
        for route in TARGET.routes
    ]
    checkup = conclude(TARGET, visits, 100.0, 0.1)
    assert checkup.diagnoses == {"a": Diagnosis.UNHEALTHY, "b": Diagnosis.UNREACHABLE}
    first_step = {node.node: node.first_step for node in summarize(checkup).nodes}["a"]
    assert first_step.startswith("Repair b first: ")


def test_a_node_that_hangs_as_another_one_has_vanished_is_not_to_be_restarted_for_two_rounds() -> None:
    found = [rounds(*(SILENT,) * number).diagnoses["a"] for number in (1, 2, 3)]
    assert found == [Diagnosis.UNHEALTHY, Diagnosis.UNHEALTHY, Diagnosis.PANEL_DOWN]
    # With its neighbour in order, it hangs by itself.
    assert rounds(SILENT, b=None).diagnoses["a"] is Diagnosis.PANEL_DOWN
    steps = [node.first_step for node in summarize(rounds(SILENT)).nodes if node.node == "a"]
    assert not [step for step in steps if "restart Onepanel" in step]


def test_findings_name_the_dead_host_first_and_the_others_in_order() -> None:
    statuses = {"c": Status.STOPPED, "a": Status.STOPPED, "b": Status.UNREACHABLE}
    route = Route(AccessPath.DIRECT, "a")
    seen = Observation("workers", route, ComponentStatus("worker", statuses), (Exchange(route, 200, 0.1, 9),))
    checkup = replace(rounds(None, b=None), details=Details((seen,), {}, {}))
    summary = summarize(checkup)
    assert [each.message for each in summary.findings] == [
        "worker on b: unreachable",
        "worker on a: stopped",
        "worker on c: stopped",
    ]
    assert list(summary.components["worker"]) == ["a", "b", "c"]
