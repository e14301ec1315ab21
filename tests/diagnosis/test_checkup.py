from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.diagnosis.checkup import Checkup
from exporter.diagnosis.conclusion import carried_over, conclude, kind_of, paths_agree
from exporter.diagnosis.rules import RULE_OF, Diagnosis
from exporter.operations.configuration import Configuration
from exporter.reasons import Failure, Reason
from exporter.targets import AccessPath, Kind, Node, Route, Target
from tests.support.checkups import REFUSED, ZONE, good_visit, make_checkup, make_target

REDUCED = replace(ZONE, kind=Kind.AUTO, name="", domain="", zone_domain="", complete=False)


def checkup_of(target: Target, proxy: Configuration, direct: Configuration) -> Checkup:
    """A round in which the paths reported these configurations."""
    facts = {AccessPath.PROXY: proxy, AccessPath.DIRECT: direct}
    return conclude(target, [good_visit(route, facts=facts[route.path]) for route in target.routes], 0.0, 0.1)


@pytest.mark.parametrize(
    ("change", "agree"),
    [
        ({}, True),
        ({"build": "9"}, False),
        ({"version": "21.02.8"}, False),
        ({"domain": "elsewhere.example"}, False),
        ({"cluster_id": "other"}, False),
        ({"kind": Kind.ONEPROVIDER}, False),
        ({"name": "renamed"}, True),
        ({"kind": Kind.AUTO, "domain": ""}, True),
    ],
)
def test_paths_agree_unless_both_answer_and_differ(change: dict[str, object], agree: bool) -> None:
    other = replace(ZONE, **change)  # type: ignore[arg-type]  # names of fields
    assert paths_agree([ZONE, other]) is agree
    assert checkup_of(make_target(), other, ZONE).diagnoses[""] is (
        Diagnosis.OK if agree else Diagnosis.MISMATCH
    )


def test_facts_are_those_of_the_direct_path_if_both_gave_any() -> None:
    of_proxy, of_direct = replace(ZONE, name="proxy"), replace(ZONE, name="direct")
    checkup = checkup_of(make_target(), of_proxy, of_direct)
    assert checkup.facts("configuration") is of_direct
    assert checkup.all_facts() == {"configuration": of_direct, "health": checkup.facts("health")}


def test_one_path_alone_neither_agrees_nor_disagrees() -> None:
    assert paths_agree([]) is None
    assert paths_agree([ZONE]) is None


def test_another_kind_than_the_configured_one_is_a_mismatch() -> None:
    target = replace(make_target(), kind=Kind.ONEPROVIDER)
    assert checkup_of(target, ZONE, ZONE).diagnoses[""] is Diagnosis.MISMATCH
    assert "`kind`" in RULE_OF[Diagnosis.MISMATCH].meaning
    assert "`kind`" in RULE_OF[Diagnosis.MISMATCH].first_step


def test_each_node_has_its_diagnosis_and_the_target_the_worst() -> None:
    target = make_target(nodes=(Node("node1", "10.0.0.1"), Node("node2", "10.0.0.2")))
    checkup = make_checkup(target, direct=REFUSED)
    good = good_visit(Route(AccessPath.DIRECT, "node1"))
    visits = {**checkup.visits, good.route: good}
    mixed = conclude(target, visits.values(), 0.0, 0.1)
    assert mixed.diagnoses == {"node1": Diagnosis.OK, "node2": Diagnosis.DIRECT_DOWN}
    assert mixed.worst is Diagnosis.DIRECT_DOWN


def test_the_kind_is_as_configured_else_as_reported_else_as_before() -> None:
    target = make_target()
    first = checkup_of(target, ZONE, ZONE)
    first = replace(first, kind=kind_of(first, None))
    assert first.kind is Kind.ONEZONE
    reduced = checkup_of(target, REDUCED, REDUCED)
    assert kind_of(reduced, None) is Kind.AUTO
    assert kind_of(reduced, first) is Kind.ONEZONE
    silent = make_checkup(target, proxy=REFUSED, direct=REFUSED)
    assert kind_of(silent, first) is Kind.ONEZONE
    configured = replace(target, kind=Kind.ONEPROVIDER)
    assert kind_of(make_checkup(configured, proxy=REFUSED, direct=REFUSED), None) is Kind.ONEPROVIDER
    assert carried_over(first, target).kind is Kind.ONEZONE
    assert carried_over(None, target).kind is Kind.AUTO


def test_routes_that_are_up_are_listed_direct_first() -> None:
    target = make_target()
    refused = Failure(Reason.UNAUTHORIZED, "HTTP 401", "unauthorized")
    checkup = make_checkup(target, proxy=refused)
    assert checkup.routes_up == [Route(AccessPath.DIRECT), Route(AccessPath.PROXY)]
    assert make_checkup(target, direct=REFUSED).routes_up == [Route(AccessPath.PROXY)]
