"""Why a request failed: the closed set of reasons, and what each means for people.

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
        """Make a member that also carries its explanation."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        member.advice = advice
        return member

    RESOLVE = (
        "resolve",
        "the host name could not be resolved to an address",
        "check the name, and the DNS servers of the machine the exporter runs on",
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
        "connected, but no TLS session could be agreed on",
        "check that the port speaks TLS 1.2 or 1.3, and whether it asks for a client certificate",
    )
    CERTIFICATE_EXPIRED = (
        "certificate_expired",
        "the certificate's time is over",
        "renew the certificate; with Let's Encrypt, see why the renewal failed",
    )
    CERTIFICATE_NOT_YET_VALID = (
        "certificate_not_yet_valid",
        "the certificate's time has not begun",
        "check the clocks of both machines, then the certificate",
    )
    CERTIFICATE_NAME_MISMATCH = (
        "certificate_name_mismatch",
        "the certificate is for another name",
        "check that the domain leads to the right machine; set tls.server_name if the name differs on purpose",
    )
    CERTIFICATE_UNTRUSTED = (
        "certificate_untrusted",
        "the certificate is not signed by an authority that is trusted here",
        "check the certificate chain; for a private authority set tls.ca_file",
    )
    TIMEOUT = (
        "timeout",
        "connected, but no whole answer came in time",
        "the process behind the port is frozen or overloaded: look at its host",
    )
    CONNECTION_LOST = (
        "connection_lost",
        "the connection was reset or closed amid the answer",
        "look at the log of the service behind the port for a crash or restart",
    )
    PROXY_UPSTREAM = (
        "proxy_upstream",
        "a proxy answered 502, 503 or 504 in place of Onepanel",
        "the proxy cannot reach Onepanel: see that Onepanel runs, then the proxy's log",
    )
    SERVICE_UNAVAILABLE = (
        "service_unavailable",
        "Onepanel itself said 503: a service it needs is offline, or its circuit breaker is open",
        "check the free space of the database's disk, then the services of the cluster",
    )
    UNHEALTHY = (
        "unhealthy",
        "Onepanel said that it is not healthy",
        "look for the Onepanel node of the cluster whose listener does not answer",
    )
    SERVER_ERROR = (
        "server_error",
        "another 5xx answer",
        "see the log of Onepanel",
    )
    UNAUTHORIZED = (
        "unauthorized",
        "401: the credentials were not accepted, or they are missing",
        "check the token or the passphrase; 401 can also mean that Onepanel's own database is down",
    )
    FORBIDDEN = (
        "forbidden",
        "403: the credentials are valid, but do not allow this operation",
        "give the user behind the credentials the privilege that the operation needs",
    )
    NOT_FOUND = (
        "not_found",
        "404: no such operation or resource",
        "on /health alone: the version is older than 21.02.1; elsewhere: the URL leads to something else",
    )
    CLIENT_ERROR = (
        "client_error",
        "another 4xx answer",
        "see what is between the exporter and Onepanel; else report it as a bug of the exporter",
    )
    REDIRECT = (
        "redirect",
        "an answer that leads elsewhere; it is never followed",
        "Onepanel does not redirect: the URL leads to something else",
    )
    INVALID_BODY = (
        "invalid_body",
        "the answer is not the HTTP, JSON or XML that was expected",
        "the URL leads to something else than Onepanel, or something on the way changes its answers",
    )
    TOO_LARGE = (
        "too_large",
        "the answer was longer than the exporter is willing to read",
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
    }
)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a request, or a whole operation, told us nothing.

    `detail` is one line for people, never a secret and never a label value. `error_id` is the id of
    Onepanel's own JSON error, by which one knows that it was Onepanel that answered.
    """

    reason: Reason
    detail: str = ""
    error_id: str = ""

    @property
    def from_onepanel(self) -> bool:
        """Whether Onepanel itself said this, rather than nobody or a proxy."""
        return bool(self.error_id)

    def __str__(self) -> str:
        """`reason: detail`, for logs and pages."""
        return f"{self.reason}: {self.detail}" if self.detail else str(self.reason)
