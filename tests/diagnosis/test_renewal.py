"""The table of the renewal, what it reads from a round, and its texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product

import pytest

from exporter.diagnosis.checkup import Checkup
from exporter.diagnosis.conclusion import conclude
from exporter.diagnosis.renewal import Renewal, Signs, judge
from exporter.diagnosis.renewal_signs import regenerating_since, renewal_of
from exporter.observation import Details, Exchange, Observation
from exporter.operations.component_status import ComponentStatus
from exporter.operations.dns_check import DnsCheck, DnsStatus
from exporter.operations.health import Health
from exporter.operations.host_status import Status
from exporter.operations.outcome import Outcome
from exporter.operations.web_certificate import WebCertificate, WebCertificateStatus
from exporter.reasons import Failure, Reason
from exporter.report import Severity, summarize, write_text
from exporter.targets import AccessPath, Route
from tests.support.checkups import CERTIFICATE, PROVIDER, ZONE, good_visit, make_target

S = WebCertificateStatus
R = Renewal
NOW = 1_795_000_000.0
_HOUR = 3600.0
_DAY = 24 * _HOUR

TABLE: dict[str, tuple[Signs, Renewal]] = {
    "valid": (Signs(S.VALID), R.FINE),
    "valid, the last attempt failed": (Signs(S.VALID, failed=True), R.FAILING),
    "near, the challenge failed": (Signs(S.NEAR_EXPIRATION, failed=True, failed_recently=True), R.FAILING),
    "near, just due": (Signs(S.NEAR_EXPIRATION), R.FINE),
    "near, failed long ago, worker down": (
        Signs(S.NEAR_EXPIRATION, failed=True, is_overdue=True, worker_works=False),
        R.WORKER_DOWN,
    ),
    "near, not tried, worker down": (
        Signs(S.NEAR_EXPIRATION, is_overdue=True, worker_works=False),
        R.WORKER_DOWN,
    ),
    "near, not tried, worker healthy": (Signs(S.NEAR_EXPIRATION, is_overdue=True), R.JOB_LOST),
    "expired, not tried": (Signs(S.EXPIRED, is_overdue=True), R.JOB_LOST),
    "regenerating": (Signs(S.REGENERATING, failed=True), R.FINE),
    "regenerating for long": (Signs(S.REGENERATING, regenerates_long=True), R.STUCK),
    "off, of Let's Encrypt": (Signs(S.VALID, lets_encrypt=False, from_lets_encrypt=True), R.ELSEWHERE),
    "off": (Signs(S.VALID, lets_encrypt=False), R.OFF),
    "off, near": (Signs(S.NEAR_EXPIRATION, lets_encrypt=False, is_overdue=True), R.OFF),
}


@pytest.mark.parametrize(("signs", "renewal"), TABLE.values(), ids=TABLE)
def test_each_row_has_its_state(signs: Signs, renewal: Renewal) -> None:
    assert judge(signs) is renewal


def test_the_table_is_total_and_only_lets_encrypt_can_fail() -> None:
    flags = [Signs(status, *values) for status in S for values in product((False, True), repeat=7)]
    assert {judge(signs) for signs in flags} == set(Renewal)
    for signs in flags:
        if judge(signs) in {R.FAILING, R.WORKER_DOWN, R.JOB_LOST}:
            assert signs.lets_encrypt
        if signs.status is S.VALID and not signs.failed:
            assert not judge(signs).is_broken
    assert all(each.meaning.endswith(".") and each.first_step.endswith(".") for each in Renewal)


WEB = WebCertificate(S.VALID, True, NOW - 60 * _DAY, None, NOW + 90 * _DAY, NOW - _DAY, "CN=Test CA")  # noqa: FBT003 - facts in their order
NEAR = replace(WEB, status=S.NEAR_EXPIRATION, expires_at=NOW + 29 * _DAY, created_at=NOW - 61 * _DAY)


def details_of(outcomes: Mapping[str, Outcome], at: float = NOW, since: float | None = None) -> Details:
    route = Route(AccessPath.DIRECT)
    seen = tuple(
        Observation(name, route, outcome, (Exchange(route, 200, 0.01, 10),))
        for name, outcome in outcomes.items()
    )
    return Details(seen, {}, {}, at, regenerating_since=since)


def checkup_of(
    web: WebCertificate, *, registered: bool = True, since: float | None = None, **more: Outcome
) -> Checkup:
    """A round over which Onepanel reports this certificate, and serves one that ends when this one does."""
    target = make_target()
    facts = ZONE if registered else replace(PROVIDER, registered=False)
    certificate = replace(CERTIFICATE, not_before=NOW - _DAY, not_after=(web.expires_at or NOW) + 1)
    visits = [good_visit(route, facts=facts, certificate=certificate) for route in target.routes]
    checkup = conclude(target, visits, NOW, 0.1)
    return replace(checkup, details=details_of({"web_certificate": web, **more}, since=since))


_DOWN = Failure(Reason.CONNECTION_REFUSED)
_STOPPED = ComponentStatus("worker", {"node1": Status.STOPPED})
ROUNDS: dict[str, tuple[Checkup, Renewal]] = {
    "valid": (checkup_of(WEB), R.FINE),
    "near since two hours": (checkup_of(replace(NEAR, expires_at=NOW + 30 * _DAY - 2 * _HOUR)), R.FINE),
    "near since four hours": (checkup_of(replace(NEAR, expires_at=NOW + 30 * _DAY - 4 * _HOUR)), R.JOB_LOST),
    "six days long and new": (
        checkup_of(replace(NEAR, expires_at=NOW + 6 * _DAY, created_at=NOW - _HOUR)),
        R.FINE,
    ),
    "near, by a margin of its own": (checkup_of(replace(NEAR, expires_at=NOW + 40 * _DAY)), R.JOB_LOST),
    "failed an hour ago": (checkup_of(replace(NEAR, last_renewal_failure=NOW - _HOUR)), R.FAILING),
    "failed, then renewed": (
        checkup_of(replace(WEB, last_renewal_failure=NOW - 3 * _DAY, last_renewal_success=NOW - _DAY)),
        R.FINE,
    ),
    "failed two days ago, and not tried since": (
        checkup_of(replace(NEAR, last_renewal_failure=NOW - 2 * _DAY)),
        R.JOB_LOST,
    ),
    "worker refuses connections": (checkup_of(NEAR, worker_health=_DOWN), R.WORKER_DOWN),
    "worker stopped": (checkup_of(NEAR, workers=_STOPPED), R.WORKER_DOWN),
    "worker healthy": (checkup_of(NEAR, worker_health=Health()), R.JOB_LOST),
    "worker too old to say": (checkup_of(NEAR, worker_health=Failure(Reason.NOT_FOUND)), R.JOB_LOST),
    "not registered": (checkup_of(NEAR, registered=False), R.WORKER_DOWN),
    "regenerating since a minute": (checkup_of(replace(WEB, status=S.REGENERATING), since=NOW - 60), R.FINE),
    "regenerating since two hours": (
        checkup_of(replace(WEB, status=S.REGENERATING), since=NOW - 2 * _HOUR),
        R.STUCK,
    ),
    "renewed outside": (
        checkup_of(replace(WEB, lets_encrypt=False, issuer="C=US, O=Let's Encrypt, CN=R11")),
        R.ELSEWHERE,
    ),
    "of a private authority": (checkup_of(replace(WEB, lets_encrypt=False)), R.OFF),
}


@pytest.mark.parametrize(("checkup", "renewal"), ROUNDS.values(), ids=ROUNDS)
def test_a_round_has_the_state_of_its_renewal(checkup: Checkup, renewal: Renewal) -> None:
    assert renewal_of(checkup) is renewal
    summary = summarize(checkup)
    assert summary.renewal is not None
    assert summary.renewal.status is renewal
    assert f"renewal of the certificate: {renewal}\n" in write_text(summary)
    findings = [each for each in summary.findings if each.message.startswith("renewal of the certificate")]
    assert bool(findings) is renewal.is_broken
    for each in findings:
        assert each.severity is Severity.WARNING
        assert each.message.endswith(f"First step: {renewal.first_step}")


@pytest.mark.parametrize(
    ("issuer", "renewal"), [("C=US, O=Let's Encrypt, CN=R11", R.ELSEWHERE), ("CN=Private CA", R.OFF)]
)
def test_a_certificate_that_onepanel_does_not_renew_and_that_nears_its_end_is_found(
    issuer: str, renewal: Renewal
) -> None:
    checkup = checkup_of(replace(NEAR, lets_encrypt=False, issuer=issuer))
    assert renewal_of(checkup) is renewal
    (found,) = summarize(checkup).findings
    assert found.message.startswith(f"renewal of the certificate: {renewal}. ")


def test_without_onepanels_report_there_is_no_state() -> None:
    checkup = checkup_of(WEB)
    assert renewal_of(replace(checkup, details=None)) is None
    assert (
        renewal_of(replace(checkup, details=details_of({"web_certificate": Failure(Reason.FORBIDDEN)})))
        is None
    )
    assert renewal_of(checkup_of(replace(WEB, lets_encrypt=None))) is None


def test_the_beginning_of_a_regeneration_is_remembered_until_it_ends() -> None:
    busy = replace(WEB, status=S.REGENERATING)
    first = details_of({"web_certificate": busy}, NOW)
    assert regenerating_since(None, first) == NOW
    first = replace(first, regenerating_since=NOW)
    later = details_of({"web_certificate": busy}, NOW + 60)
    assert regenerating_since(first, later) == NOW
    assert (
        regenerating_since(first, details_of({"web_certificate": Failure(Reason.TIMEOUT)}, NOW + 60)) == NOW
    )
    assert regenerating_since(first, details_of({"web_certificate": WEB}, NOW + 60)) is None


@pytest.mark.parametrize(("hours", "is_found"), [(17.9, False), (18.1, True)])
def test_an_old_check_of_dns_means_that_the_checker_is_stuck(hours: float, *, is_found: bool) -> None:
    check = DnsCheck({"domain": DnsStatus.OK}, NOW - hours * _HOUR)
    findings = summarize(checkup_of(WEB, dns_check=check)).findings
    assert [each.message for each in findings] == (
        ["Onepanel checked DNS 18 hours ago: its checker is stuck; restart Onepanel on the first node"]
        if is_found
        else []
    )
