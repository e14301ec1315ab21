"""The state of the renewal in a round: what the table needs to know, from Onepanel's view and from what is served."""

from __future__ import annotations

from exporter.diagnosis.checkup import CONFIGURATION, Checkup
from exporter.diagnosis.renewal import Renewal, Signs, judge
from exporter.observation import Details
from exporter.operations import web_certificate, worker_health
from exporter.operations.component_status import WORKERS, ComponentStatus
from exporter.operations.configuration import Configuration
from exporter.operations.host_status import Status
from exporter.operations.web_certificate import WebCertificate, WebCertificateStatus
from exporter.reasons import Failure, Reason

_HOUR_SECONDS = 3600.0
_DAY_SECONDS = 24 * _HOUR_SECONDS
# Onepanel begins so long before the end, and tries every hour.
_RENEWAL_BEGINS_SECONDS = 30 * _DAY_SECONDS
_TIME_TO_RENEW_SECONDS = 3 * _HOUR_SECONDS
# An older failure means that Onepanel tries no more.
_RECENT_SECONDS = _DAY_SECONDS
_LONG_REGENERATION_SECONDS = _HOUR_SECONDS
_ISSUER = "let's encrypt"


def renewal_of(checkup: Checkup) -> Renewal | None:
    """Return the state of the renewal in a round; None if Onepanel did not report its certificate."""
    facts = web_certificate_of(checkup.details)
    if facts is None or facts.lets_encrypt is None or checkup.details is None:
        return None
    return judge(_signs(checkup, checkup.details, facts))


def web_certificate_of(details: Details | None) -> WebCertificate | None:
    """Return what Onepanel reported of its certificate."""
    for seen in details.observations if details else ():
        if seen.operation == web_certificate.OPERATION.name and isinstance(seen.outcome, WebCertificate):
            return seen.outcome
    return None


def regenerating_since(before: Details | None, details: Details) -> float | None:
    """Return since when Onepanel has been regenerating its certificate, as far as observed; None if it does not."""
    facts = web_certificate_of(details)
    known = before.regenerating_since if before else None
    if facts is None:
        return known
    is_regenerating = facts.status is WebCertificateStatus.REGENERATING
    return (known or details.finished_at) if is_regenerating else None


def _signs(checkup: Checkup, details: Details, facts: WebCertificate) -> Signs:
    now = details.finished_at
    failure, success = facts.last_renewal_failure, facts.last_renewal_success
    failed = failure is not None and (success is None or failure > success)
    since = details.regenerating_since
    return Signs(
        status=facts.status,
        lets_encrypt=facts.lets_encrypt is True,
        failed=failed,
        failed_recently=failed and failure is not None and now - failure < _RECENT_SECONDS,
        is_overdue=_is_overdue(facts, now),
        worker_works=_worker_works(checkup),
        regenerates_long=since is not None and now - since > _LONG_REGENERATION_SECONDS,
        from_lets_encrypt=_from_lets_encrypt(checkup, facts),
    )


def _is_overdue(facts: WebCertificate, now: float) -> bool:
    """Return whether Onepanel had some hours to renew its certificate; a short one is near its end all the time."""
    if facts.status is WebCertificateStatus.EXPIRED or facts.expires_at is None:
        return True
    begins = max(facts.expires_at - _RENEWAL_BEGINS_SECONDS, facts.created_at or 0.0)
    # Before that it is not known since when Onepanel has called it near its end.
    return not 0.0 <= now - begins <= _TIME_TO_RENEW_SECONDS


def _worker_works(checkup: Checkup) -> bool:
    """Return whether Onepanel may try to renew: neither the worker nor the registration is known to be missing."""
    facts = checkup.facts(CONFIGURATION)
    if isinstance(facts, Configuration) and facts.registered is False:
        return False
    workers = checkup.facts(WORKERS.name)
    if isinstance(workers, ComponentStatus) and workers.by_host:
        return Status.HEALTHY in workers.by_host.values()
    outcome = next(iter(checkup.outcomes(worker_health.OPERATION.name)), None)
    # Workers before 21.02.1 have no such operation.
    return not isinstance(outcome, Failure) or outcome.reason is Reason.NOT_FOUND


def _from_lets_encrypt(checkup: Checkup, facts: WebCertificate) -> bool:
    connections = map(checkup.connection, checkup.routes)
    served = [each.certificate.issuer for each in connections if each and each.certificate]
    return any(_ISSUER in issuer.lower() for issuer in (facts.issuer, *served))
