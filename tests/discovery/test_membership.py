from __future__ import annotations

import math
from dataclasses import replace

import pytest

from exporter.diagnosis.checkup import Checkup
from exporter.diagnosis.conclusion import conclude
from exporter.discovery.admission import Admission, ProviderState
from exporter.discovery.membership import Membership, Side, reported_since
from exporter.discovery.zone_view import ZoneView, with_failure, with_list
from exporter.observation import Details, Exchange, Observation
from exporter.operations import TIMED_OPERATIONS
from exporter.operations.providers import Provider
from exporter.operations.zone_connectivity import OPERATION, ZoneConnectivity
from exporter.reasons import Failure
from exporter.state.store import Store
from exporter.targets import AccessPath, Node, Route
from tests.support.checkups import PROVIDER as PROVIDER_FACTS
from tests.support.checkups import REFUSED, failed_visit, good_visit, make_checkup, make_target

ZONE = make_target("zone")
PROVIDER = replace(
    make_target("provider"), url="https://provider.example", proxy_url="https://provider.example"
)
UP = make_checkup(ZONE)


def reporting(at: float, *, connected: bool | None) -> Checkup:
    """A round of a provider that began to report its connection at a time; None: it reports nothing."""
    route = Route(AccessPath.DIRECT)
    seen = Observation(
        OPERATION.name, route, ZoneConnectivity(connected=bool(connected)), (Exchange(route, 200, 0.1, 2),)
    )
    details = Details((seen,), {}, {}, at + 1.0, began_at=at)
    return replace(make_checkup(PROVIDER), details=None if connected is None else details)


def listing(at: float, *, online: bool) -> ZoneView:
    """A list of a zone that called the provider online before."""
    return ZoneView({"id": Provider("id", online=online)}, seen_online=frozenset({"id"}), succeeded_at=at)


@pytest.mark.parametrize(
    ("own", "listed", "recovered_at", "side", "connected"),
    [
        # Each side alone, and both.
        ((10.0, False), (10.0, True), 0.0, Side.PROVIDER, False),
        ((10.0, True), (10.0, False), 0.0, Side.ZONE, False),
        ((10.0, False), (10.0, False), 0.0, Side.BOTH, False),
        ((10.0, True), (10.0, True), 0.0, None, True),
        ((10.0, None), (10.0, True), 0.0, None, True),
        # What was reported during an outage of the zone is about the outage.
        ((10.0, False), (10.0, False), 20.0, None, None),
        ((20.0, False), (10.0, False), 20.0, Side.PROVIDER, False),
        ((10.0, False), (20.0, False), 20.0, Side.ZONE, False),
        ((10.0, True), (10.0, True), 20.0, None, None),
        ((10.0, False), (20.0, True), 20.0, None, True),
        ((20.0, True), (10.0, False), 20.0, None, True),
    ],
)
def test_each_side_counts_from_the_recovery_of_the_zone_on(
    own: tuple[float, bool | None],
    listed: tuple[float, bool],
    recovered_at: float,
    side: Side | None,
    connected: bool | None,
) -> None:
    checkup = reporting(own[0], connected=own[1])
    membership = Membership(UP, "zone", listing(listed[0], online=listed[1]), "id", recovered_at)
    assert membership.disconnected(checkup) is side
    assert membership.connected(checkup) is connected


def test_while_the_zone_is_down_no_provider_is_called_disconnected() -> None:
    down = Membership(make_checkup(ZONE, proxy=REFUSED), "zone", listing(10.0, online=False), "id")
    assert down.connected(reporting(10.0, connected=False)) is None


def test_a_zone_of_which_one_node_is_still_down_recovered_with_the_other() -> None:
    store = Store(TIMED_OPERATIONS, (1.0,))
    zone = make_target("zone", nodes=(Node("a", "192.0.2.1"), Node("b", "192.0.2.2")))
    store.set_targets([zone])
    (state,) = store.states
    for at, down in ((15.0, "ab"), (30.0, "b"), (45.0, "b")):
        visits = [failed_visit(route) if route.node in down else good_visit(route) for route in zone.routes]
        store.record(conclude(zone, visits, at, 0.1), 0.0)
    # Node b is down: the zone has recovered with node a.
    assert state.recovered_at == 30.0


def test_a_zone_recovers_when_it_answers_again_over_its_proxy_path() -> None:
    store = Store(TIMED_OPERATIONS, (1.0,))
    store.set_targets([ZONE, PROVIDER])
    store.record(make_checkup(PROVIDER, facts=PROVIDER_FACTS), 0.0)
    seen = []
    for at, failure in ((15.0, None), (30.0, REFUSED), (45.0, None), (60.0, None)):
        store.record(make_checkup(ZONE, proxy=failure, at=at), 0.0)
        seen.append(store.membership(PROVIDER).recovered_at)
    assert seen == [0.0, 0.0, 45.0, 45.0]


@pytest.mark.parametrize(
    ("rounds_of_zone", "expected"),
    [
        ([(30.0, None)], [None]),
        ([(30.0, None), (45.0, None)], [None, Side.PROVIDER]),
        ([(30.0, REFUSED)], [None]),
        ([(30.0, None), (45.0, None), (60.0, REFUSED)], [None, Side.PROVIDER, None]),
    ],
)
def test_a_loss_that_the_provider_reports_counts_if_a_later_round_of_the_zone_is_good(
    rounds_of_zone: list[tuple[float, Failure | None]], expected: list[Side | None]
) -> None:
    store = Store(TIMED_OPERATIONS, (1.0,))
    store.set_targets([ZONE, PROVIDER])
    store.record(make_checkup(ZONE, at=15.0), 0.0)
    store.record(make_checkup(PROVIDER, facts=PROVIDER_FACTS), 0.0)
    for began_at in (29.99, 40.0):
        details = reporting(began_at, connected=False).details
        assert details
        store.record_details(PROVIDER, details, 0.0)
    (_, state) = store.states
    assert state.checkup
    found = []
    for at, failure in rounds_of_zone:
        store.record(make_checkup(ZONE, proxy=failure, at=at), 0.0)
        found.append(store.membership(PROVIDER).disconnected(state.checkup))
    assert found == expected


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ([(30.0, True)], [None]),
        ([(30.0, True), (45.0, True)], [None, Side.PROVIDER]),
        # The list fails, as its zone has fallen: what was reported until it answers again is about the outage.
        ([(30.0, True), (45.0, False), (60.0, True)], [None, None, None]),
    ],
)
def test_a_loss_counts_if_a_zone_that_another_exporter_polls_gives_a_later_list(
    lists: list[tuple[float, bool]], expected: list[Side | None]
) -> None:
    store = Store(TIMED_OPERATIONS, (1.0,))
    store.set_targets([PROVIDER])
    store.record(make_checkup(PROVIDER, facts=PROVIDER_FACTS), 0.0)
    store.record_details(PROVIDER, reporting(40.0, connected=False).details or Details((), {}, {}, 0.0), 0.0)
    (state,) = store.states
    assert state.checkup
    view, found = ZoneView(), []
    for at, is_given in lists:
        listed = (Provider("id", domain="provider.example", online=True),)
        view = with_list(view, listed, 1, at) if is_given else with_failure(view, "timeout", at)
        admitted = Admission(listed[0], ProviderState.WATCHED, PROVIDER.name)
        store.set_zones({"zone": replace(view, admissions=(admitted,))})
        found.append(store.membership(PROVIDER).disconnected(state.checkup))
    assert found == expected


@pytest.mark.parametrize(
    ("rounds", "since"),
    [
        ([(10.0, False), (20.0, False)], 10.0),
        ([(10.0, False), (20.0, None), (30.0, False)], 10.0),
        ([(10.0, False), (20.0, True)], math.inf),
        ([(10.0, False), (20.0, True), (30.0, False)], 30.0),
    ],
)
def test_a_loss_is_reported_since_the_first_of_its_rounds(
    rounds: list[tuple[float, bool | None]], since: float
) -> None:
    found = math.inf
    for at, connected in rounds:
        found = reported_since(found, reporting(at, connected=connected))
    assert found == since
