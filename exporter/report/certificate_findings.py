"""Findings about the certificates that the paths are served: their ends, how they differ, and their renewal."""

from __future__ import annotations

import math
from collections.abc import Iterator

from exporter.certificates import REFUSED_ELSEWHERE
from exporter.diagnosis.checkup import Checkup
from exporter.diagnosis.renewal import Renewal
from exporter.diagnosis.renewal_signs import renewal_of, web_certificate_of
from exporter.diagnosis.served import Sighting, differing, in_use
from exporter.observation import Certificate
from exporter.operations import zone_clock
from exporter.operations.web_certificate import WebCertificateStatus
from exporter.operations.zone_clock import ZoneClock
from exporter.reasons import Reason
from exporter.report.finding import Finding, name_of
from exporter.report.severity import Severity, severity_of
from exporter.targets import Route

_DAY_SECONDS = 86_400
# The remaining time of a certificate that is too little: this share of its lifetime, and no more than so many days.
# Onepanel renews certificates of Let's Encrypt 30 days before their end. The alerts have the same limits.
CERTIFICATE_WARNING = (1 / 3, 28)
CERTIFICATE_CRITICAL = (0.1, 7)


def find_in_certificates(checkup: Checkup) -> Iterator[Finding]:
    """Yield what is wrong with the certificates that were served; that one is refused is a diagnosis."""
    for route in checkup.routes:
        yield from _expiring(checkup, route)
    for path, sightings in differing(checkup.served, checkup.finished_at):
        ends = "; ".join(f"one ends in {_days(each, checkup)}" for each in sightings)
        yield Finding(
            Severity.WARNING,
            f"the nodes serve different certificates over the {path} path ({ends}): renew it on every node",
        )
    yield from _refused_elsewhere(checkup)
    yield from _renewal(checkup)
    yield from _clocks(checkup)


def _days(sighting: Sighting, checkup: Checkup) -> str:
    days = (sighting.certificate.not_after - checkup.finished_at) / _DAY_SECONDS
    return f"{_floor(days):.1f} days"


def _expiring(checkup: Checkup, route: Route) -> Iterator[Finding]:
    """Yield the certificate of a route that ends first, of all that are served over it, if that is too soon."""
    connection = checkup.connection(route)
    if connection is None or connection.failure or not connection.chain:
        return
    this = Sighting(connection.chain, checkup.finished_at, checkup.finished_at)
    sightings = in_use(checkup.served.get(route, ())) or (this,)
    at = checkup.finished_at
    sighting = min(sightings, key=lambda each: _end(each, at).not_after)
    leaf, ending = sighting.certificate, _end(sighting, at)
    days_left = (ending.not_after - checkup.finished_at) / _DAY_SECONDS
    lifetime_days = (leaf.not_after - leaf.not_before) / _DAY_SECONDS
    critical, warning = (
        min(share * lifetime_days, days) for share, days in (CERTIFICATE_CRITICAL, CERTIFICATE_WARNING)
    )
    if days_left >= warning:
        return
    which = "the certificate" if len(sightings) == 1 else f"one of {len(sightings)} certificates"
    of = f"{which} of the {name_of(route)}"
    what = of if ending is leaf else f"an issuer of {of} ({ending.subject})"
    when = (
        f"expires in {_floor(days_left):.1f} days" if days_left >= 0 else f"expired {-days_left:.1f} days ago"
    )
    yield Finding(Severity.CRITICAL if days_left < critical else Severity.WARNING, f"{what} {when}")


def _end(sighting: Sighting, at: float) -> Certificate:
    """Return the certificate of a chain that ends first; the server's own if several do.

    An issuer that has expired while the chain is verified is not needed, such as an old cross-signature.
    """
    leaf, *issuers = sighting.chain
    needed = [each for each in issuers if not leaf.verified or each.not_after > at]
    return min([leaf, *needed], key=lambda each: each.not_after)


def _floor(days: float) -> float:
    """Return days rounded down to a tenth, as they are elsewhere."""
    return math.floor(10 * days) / 10


def _refused_elsewhere(checkup: Checkup) -> Iterator[Finding]:
    found: dict[str, list[str]] = {}
    for route in checkup.routes:
        connection = checkup.connection(route)
        if connection is not None and connection.strict_objection:
            found.setdefault(connection.strict_objection, []).append(name_of(route))
    for objection, names in found.items():
        where = " and the ".join(names)
        yield Finding(
            Severity.WARNING,
            f"{REFUSED_ELSEWHERE}: the certificate of the {where}; {objection}",
        )


_ENDING = frozenset({WebCertificateStatus.NEAR_EXPIRATION, WebCertificateStatus.EXPIRED})


def _renewal(checkup: Checkup) -> Iterator[Finding]:
    facts, renewal = web_certificate_of(checkup.details), renewal_of(checkup)
    if facts is None:
        return
    is_ending, is_expired = facts.status in _ENDING, facts.status is WebCertificateStatus.EXPIRED
    if renewal is not None and (renewal.is_broken or (is_ending and renewal is not Renewal.FINE)):
        yield Finding(
            Severity.CRITICAL if is_expired else Severity.WARNING,
            f"renewal of the certificate: {renewal}. {renewal.meaning} First step: {renewal.first_step}",
        )
    elif severity_of(facts.status) is not Severity.OK and not (is_ending and renewal is Renewal.FINE):
        yield Finding(severity_of(facts.status), f"Onepanel calls its certificate {facts.status}")


def _clocks(checkup: Checkup) -> Iterator[Finding]:
    """Yield which side is wrong about a certificate that is not valid yet, if the clocks were compared."""
    facts = checkup.facts(zone_clock.OPERATION.name)
    offset = facts.offset_seconds if isinstance(facts, ZoneClock) else None
    for route in checkup.routes if offset is not None else ():
        connection, failure = checkup.connection(route), checkup.failure(route)
        certificate = connection.certificate if connection else None
        if failure is None or failure.reason is not Reason.CERTIFICATE_NOT_YET_VALID or certificate is None:
            continue
        is_valid_there = certificate.not_before <= checkup.finished_at + (offset or 0.0)
        yield Finding(
            Severity.CRITICAL,
            f"this machine's clock is {offset:.0f} s behind the zone's, by which the certificate of the "
            f"{name_of(route)} is valid: set the clock"
            if is_valid_there
            else f"the zone's clock agrees that the certificate of the {name_of(route)} is not valid yet: replace it",
        )
