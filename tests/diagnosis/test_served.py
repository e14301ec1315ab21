"""Certificates in the last ten minutes: alternating, renewed, and of several nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from exporter.diagnosis.checkup import Checkup
from exporter.diagnosis.conclusion import conclude
from exporter.observation import Certificate, Details, Exchange, Observation
from exporter.operations.zone_clock import ZoneClock
from exporter.reasons import Failure, Reason
from exporter.report import summarize
from exporter.targets import AccessPath, Node, Route, Target
from tests.support.checkups import CERTIFICATE, failed_visit, good_visit, make_target

_DAY_SECONDS = 86_400.0
_START = 1_795_000_000.0
OLD = replace(
    CERTIFICATE,
    not_before=_START - 87 * _DAY_SECONDS,
    not_after=_START + 3 * _DAY_SECONDS,
    fingerprint_sha256="01" * 32,
)
NEW = replace(OLD, not_before=_START, not_after=_START + 90 * _DAY_SECONDS, fingerprint_sha256="02" * 32)
PROXY = Route(AccessPath.PROXY)
NODES = make_target(nodes=(Node("node1", "192.0.2.1"), Node("node2", "192.0.2.2")))


def rounds(certificates: Sequence[Certificate | None], every: float = 15.0) -> list[Checkup]:
    """Rounds in which both paths are served these certificates in turn; None: no connection."""
    target = make_target()
    made: list[Checkup] = []
    for number, certificate in enumerate(certificates):
        visits = [
            good_visit(route, certificate=certificate) if certificate else failed_visit(route)
            for route in target.routes
        ]
        before = made[-1] if made else None
        made.append(conclude(target, visits, _START + number * every, 0.1, before=before))
    return made


def counts(checkups: Sequence[Checkup]) -> list[int]:
    return [len(each.served.get(PROXY, ())) for each in checkups]


def findings(checkup: Checkup) -> list[str]:
    return [each.message for each in summarize(checkup).findings]


def differences(checkup: Checkup) -> list[str]:
    return [each for each in findings(checkup) if "different certificates" in each]


def test_distinct_certificates_of_ten_minutes_are_counted_and_older_ones_forgotten() -> None:
    renewed = rounds([OLD, OLD, *[NEW] * 50])
    assert counts(renewed[:3]) == [1, 1, 2]
    assert counts(renewed)[40] == 2  # 585 s after the old one was seen last
    assert counts(renewed)[41] == 1
    assert counts(rounds([OLD, None, None])) == [1, 1, 1]


def test_a_server_with_ever_new_certificates_fills_no_memory() -> None:
    ever_new = [replace(OLD, fingerprint_sha256=f"{number:064x}") for number in range(40)]
    assert max(counts(rounds(ever_new))) == 8


def test_alternating_certificates_are_found_after_a_quarter_of_an_hour_and_judged_by_the_first_end() -> None:
    alternating = rounds([OLD, NEW] * 60)
    assert not any(differences(each) for each in alternating[:61])
    for late in alternating[61:]:
        assert differences(late) == [
            f"the nodes serve different certificates over the {path} path "
            f"(one ends in 2.9 days; one ends in 89.9 days): renew it on every node"
            for path in ("proxy", "direct")
        ]
    # Judged from the second round of each on, whichever of them was served last.
    for each in alternating[2:]:
        assert "one of 2 certificates of the proxy path expires in 2.9 days" in findings(each)


def test_a_renewed_certificate_is_no_difference_and_its_predecessor_is_not_judged() -> None:
    renewed = rounds([OLD, OLD, None, *[NEW] * 70])
    assert any("expires in" in each for each in findings(renewed[1]))
    for each in renewed[3:]:
        assert findings(each) == []


def test_a_renewal_that_reaches_the_nodes_one_after_another_is_no_difference() -> None:
    renewed = rounds([OLD, NEW, OLD, NEW, *[NEW] * 70])
    assert not any(differences(each) for each in renewed)


@pytest.mark.parametrize("path", AccessPath)
def test_nodes_of_which_each_has_its_own_certificate_differ_at_once(path: AccessPath) -> None:
    visits = [
        good_visit(route, certificate=OLD if route == Route(path, "node1") else NEW) for route in NODES.routes
    ]
    found = differences(conclude(NODES, visits, _START, 0.1))
    assert len(found) == 1
    assert f"over the {path} path" in found[0]


def test_nodes_renewed_one_after_another_differ_only_after_a_quarter_of_an_hour() -> None:
    def one(
        target: Target, certificates: Sequence[Certificate], at: float, before: Checkup | None
    ) -> Checkup:
        shown = dict(zip(target.node_names, certificates, strict=True))
        visits = [good_visit(route, certificate=shown[route.node]) for route in target.routes]
        return conclude(target, visits, at, 0.1, before=before)

    checkup = one(NODES, (OLD, OLD), _START, None)
    for number in range(1, 62):
        checkup = one(NODES, (OLD, NEW), _START + 15.0 * number, checkup)
        assert bool(differences(checkup)) is (number >= 61)
    assert not differences(one(NODES, (NEW, NEW), _START + 930.0, checkup))


@pytest.mark.parametrize("verified", [True, False])
def test_an_expired_issuer_is_found_unless_the_chain_is_verified_without_it(*, verified: bool) -> None:
    leaf = replace(NEW, verified=verified)
    issuer = replace(leaf, subject="CN=Old Root", not_after=_START - _DAY_SECONDS)
    target = make_target()
    visits = []
    for route in target.routes:
        visit = good_visit(route)
        (connection,) = visit.connections
        visits.append(replace(visit, connections=(replace(connection, chain=(leaf, issuer)),)))
    found = findings(conclude(target, visits, _START, 0.1))
    assert any("(CN=Old Root) expired 1.0 days ago" in each for each in found) is not verified
    assert bool(found) is not verified


def test_an_issuer_that_ends_before_the_certificate_is_named() -> None:
    issuer = replace(NEW, subject="CN=Issuer", not_after=_START + 2 * _DAY_SECONDS)
    target = make_target()
    visits = []
    for route in target.routes:
        visit = good_visit(route, certificate=NEW)
        (connection,) = visit.connections
        visits.append(replace(visit, connections=(replace(connection, chain=(NEW, issuer)),)))
    found = findings(conclude(target, visits, _START, 0.1))
    assert "an issuer of the certificate of the proxy path (CN=Issuer) expires in 2.0 days" in found


@pytest.mark.parametrize(
    ("offset", "words"),
    [(7200.0, "this machine's clock is 7200 s behind the zone's"), (0.1, "the zone's clock agrees")],
)
def test_the_zones_clock_decides_which_clock_is_wrong_about_a_future_certificate(
    offset: float, words: str
) -> None:
    target = make_target()
    direct = Route(AccessPath.DIRECT)
    early = replace(NEW, not_before=_START + 3600, verified=False)
    failed = failed_visit(direct, Failure(Reason.CERTIFICATE_NOT_YET_VALID))
    failed = replace(failed, connections=(replace(failed.connections[0], chain=(early,)),))
    seen = Observation("zone_clock", PROXY, ZoneClock(offset), (Exchange(PROXY, 200, 0.01, 10),))
    checkup = conclude(target, [good_visit(PROXY, certificate=NEW), failed], _START, 0.1)
    found = findings(replace(checkup, details=Details((seen,), {}, {}, _START)))
    assert any(each.startswith(words) and "direct path" in each for each in found)


def test_what_newer_verifiers_refuse_is_found_once_for_both_paths() -> None:
    target = make_target()
    visits = []
    for route in target.routes:
        visit = good_visit(route, certificate=NEW)
        (connection,) = visit.connections
        objection = "zone.example: it has no Authority Key Identifier"
        visits.append(replace(visit, connections=(replace(connection, strict_objection=objection),)))
    (found,) = findings(conclude(target, visits, _START, 0.1))
    assert found.startswith("newer verifiers refuse this (Python 3.13, for example): ")
    assert found.endswith(
        "the certificate of the proxy path and the direct path; zone.example: it has no Authority Key Identifier"
    )
