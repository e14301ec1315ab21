"""Reasons why requests fail: a closed set, each with its meaning and an advice.

The names are values of the metric label `reason`. `docs/metrics.md` is generated from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Reason(StrEnum):
    """A closed set: every failed request has exactly one of these."""

    meaning: str
    advice: str

    def __new__(cls, value: str, meaning: str, advice: str) -> Self:
        """Create a member that also carries its explanation."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        member.advice = advice
        return member

    RESOLVE = (
        "resolve",
        "the host name does not resolve to an address",
        "check the spelling of the name, and the DNS servers of the exporter's machine",
    )
    CONNECTION_REFUSED = (
        "connection_refused",
        "the host answers, but nothing listens on the port",
        "start the service behind the port: the worker for 443, Onepanel for 9443",
    )
    CONNECT_TIMEOUT = (
        "connect_timeout",
        "no answer to the attempt to connect",
        "check that the host is up, and the firewalls on the way",
    )
    CONNECT = (
        "connect",
        "the connection could not be opened: unreachable, or reset before TLS",
        "check routing and firewalls, and the load balancer if there is one",
    )
    TLS_HANDSHAKE = (
        "tls_handshake",
        "connected, but the TLS handshake failed",
        "check that the port offers TLS 1.2 or 1.3, and whether it requires a client certificate",
    )
    CERTIFICATE_EXPIRED = (
        "certificate_expired",
        "the certificate has expired",
        "renew the certificate; with Let's Encrypt, find out why the renewal failed",
    )
    CERTIFICATE_NOT_YET_VALID = (
        "certificate_not_yet_valid",
        "the certificate is not valid yet",
        "check the clocks of both machines, then the certificate",
    )
    CERTIFICATE_NAME_MISMATCH = (
        "certificate_name_mismatch",
        "the certificate is for another name",
        "check that the domain leads to the right machine; if the name differs on purpose, configure that name",
    )
    CERTIFICATE_UNTRUSTED = (
        "certificate_untrusted",
        "the certificate is not signed by a trusted authority",
        "check the certificate chain; for a private authority, configure its CA file",
    )
    CERTIFICATE_CHAIN_INCOMPLETE = (
        "certificate_chain_incomplete",
        "the server does not send an intermediate certificate that issued its own",
        "serve the whole chain: the certificate followed by its intermediates",
    )
    CERTIFICATE_ISSUER_EXPIRED = (
        "certificate_issuer_expired",
        "the certificate has not expired, but one of its issuers has",
        "serve the chain of a current issuer; if the root has expired, update the trust store",
    )
    TIMEOUT = (
        "timeout",
        "connected, but no whole answer arrived within the timeout; also a TLS handshake without any answer",
        "the process behind the port is frozen or overloaded: check its host",
    )
    CONNECTION_LOST = (
        "connection_lost",
        "the connection was reset or closed amid the answer",
        "check the log of the service behind the port for a crash or restart",
    )
    PROXY_UPSTREAM = (
        "proxy_upstream",
        "a proxy answered 502, 503 or 504 in place of Onepanel",
        "the proxy cannot reach Onepanel: check that Onepanel runs, then the proxy's log",
    )
    SERVICE_UNAVAILABLE = (
        "service_unavailable",
        "503 `serviceUnavailable` of Onepanel: the circuit breaker is open, or, for what needs it, the worker is down",
        "for a public operation, free space on the database's disk; for another one, start the worker",
    )
    TEMPORARY_FAILURE = (
        "temporary_failure",
        "503 of Onepanel with another id: it cannot carry out this operation at present",
        "the id in the error names the cause; if it lasts, check the hosts of the cluster and Onepanel's log",
    )
    WORKER_UNREACHABLE = (
        "worker_unreachable",
        "Onepanel answers that it cannot reach the worker",
        "check that the worker runs and listens on 443 on its host",
    )
    UNHEALTHY = (
        "unhealthy",
        "Onepanel reports that it is not healthy",
        "find the Onepanel node of the cluster whose listener does not answer",
    )
    SERVER_ERROR = (
        "server_error",
        "another 5xx answer",
        "check the log of Onepanel",
    )
    UNAUTHORIZED = (
        "unauthorized",
        "401: the credentials are rejected or missing, or Onepanel cannot verify them",
        "check the token or the passphrase; without an `authError` Onepanel's own database is down",
    )
    FORBIDDEN = (
        "forbidden",
        "403: the credentials are valid, but do not allow this operation",
        "make the user of the credentials a member of the cluster, with the privilege that the operation needs",
    )
    NOT_FOUND = (
        "not_found",
        "404: no such operation or resource",
        "on /health alone: the version is older than 21.02.1; elsewhere: the URL leads to something else",
    )
    CLIENT_ERROR = (
        "client_error",
        "another 4xx answer",
        "check what is between the exporter and Onepanel; else report a bug of the exporter",
    )
    REDIRECT = (
        "redirect",
        "an answer that leads elsewhere; it is never followed",
        "Onepanel does not redirect: the URL leads to something else",
    )
    INVALID_BODY = (
        "invalid_body",
        "the answer is not the HTTP, JSON or XML that was expected",
        "the URL leads to something else than Onepanel, or a device on the way changes its answers",
    )
    TOO_LARGE = (
        "too_large",
        "the answer is longer than the exporter reads",
        "the URL leads to something else than Onepanel",
    )
    INTERNAL = (
        "internal",
        "a bug of the exporter",
        "report it, with the traceback from the exporter's log",
    )


CERTIFICATE_REASONS = frozenset(
    {
        Reason.CERTIFICATE_EXPIRED,
        Reason.CERTIFICATE_NOT_YET_VALID,
        Reason.CERTIFICATE_NAME_MISMATCH,
        Reason.CERTIFICATE_UNTRUSTED,
        Reason.CERTIFICATE_CHAIN_INCOMPLETE,
        Reason.CERTIFICATE_ISSUER_EXPIRED,
    }
)


@dataclass(frozen=True, slots=True)
class Failure:
    """The reason why a request, or a whole operation, has no result.

    `detail` is one line for people, never a secret and never a label value. `error_id` is the id of
    Onepanel's own JSON error, which shows that Onepanel answered. `cause_id` is the id of the error inside
    it: what is wrong with a credential, or what a node answered. Without it a 401 does not mean that the
    credential was rejected.
    """

    reason: Reason
    detail: str = ""
    error_id: str = ""
    cause_id: str = ""

    @property
    def from_onepanel(self) -> bool:
        """Whether Onepanel itself gave this answer, rather than a proxy or nothing."""
        return bool(self.error_id) or self.reason is Reason.WORKER_UNREACHABLE

    def __str__(self) -> str:
        """Return `reason: detail`, for logs and pages."""
        return f"{self.reason}: {self.detail}" if self.detail else str(self.reason)
