"""`GET /web_cert`: what Onepanel itself reports of the cluster's certificate, and of its renewal.

404 before deployment. The renewal's timestamps are there only with Let's Encrypt.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from exporter.metrics import Metric, Scope, only_state
from exporter.operations.operation import (
    Cadence,
    Operation,
    ask,
    known,
    with_credentials,
)
from exporter.operations.outcome import Facts
from exporter.operations.responses import Response, clean_text, read_object
from exporter.operations.timestamps import read_timestamp
from exporter.reasons import Failure


class WebCertificateStatus(StrEnum):
    """Onepanel's own view of the certificate; a word that no known version sends is `unknown`."""

    VALID = "valid"
    NEAR_EXPIRATION = "near_expiration"
    EXPIRED = "expired"
    DOMAIN_MISMATCH = "domain_mismatch"
    REGENERATING = "regenerating"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class WebCertificate(Facts):
    """Timestamps are seconds since the epoch; None for what never happened or was not reported."""

    status: WebCertificateStatus
    lets_encrypt: bool | None
    last_renewal_success: float | None
    last_renewal_failure: float | None
    expires_at: float | None = None
    created_at: float | None = None
    issuer: str = ""


def read(answer: Response) -> WebCertificate | Failure:
    """Return the facts of a 200 answer; unknown keys (paths of files) are passed over."""
    body = read_object(answer)
    if isinstance(body, Failure):
        return body
    by_word = {status.value: status for status in WebCertificateStatus}
    lets_encrypt = body.get("letsEncrypt")
    return WebCertificate(
        status=by_word.get(str(body.get("status")), WebCertificateStatus.UNKNOWN),
        lets_encrypt=lets_encrypt if isinstance(lets_encrypt, bool) else None,
        last_renewal_success=read_timestamp(body.get("lastRenewalSuccess")),
        last_renewal_failure=read_timestamp(body.get("lastRenewalFailure")),
        expires_at=read_timestamp(body.get("expirationTime")),
        created_at=read_timestamp(body.get("creationTime")),
        issuer=clean_text(body.get("issuer")),
    )


OPERATION: Operation[WebCertificate] = Operation(
    name="web_certificate",
    summary="Onepanel's own view of the cluster's certificate",
    conversation=ask("/web_cert", read, credentials=True),
    cadence=Cadence.DETAILS,
    needs_credentials=True,
    applies=with_credentials,
    metrics=(
        Metric(
            name="onedata_web_certificate_status",
            help="Onepanel's own view of the cluster's certificate.",
            scope=Scope.TARGET,
            see=known(WebCertificate, lambda facts: facts.status),
            read=only_state,
            labels=("status",),
        ),
        Metric(
            name="onedata_web_certificate_lets_encrypt",
            help="1: Onepanel obtains the certificate from Let's Encrypt.",
            scope=Scope.TARGET,
            see=known(WebCertificate, lambda facts: facts.lets_encrypt),
        ),
        Metric(
            name="onedata_web_certificate_last_renewal_success_timestamp_seconds",
            help="When Onepanel last renewed the certificate.",
            scope=Scope.TARGET,
            see=known(WebCertificate, lambda facts: facts.last_renewal_success),
        ),
        Metric(
            name="onedata_web_certificate_last_renewal_failure_timestamp_seconds",
            help="When Onepanel last failed to renew the certificate.",
            scope=Scope.TARGET,
            see=known(WebCertificate, lambda facts: facts.last_renewal_failure),
        ),
    ),
)
