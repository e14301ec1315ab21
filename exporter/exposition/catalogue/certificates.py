"""Metrics of the certificates that each route is served."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from exporter.diagnosis.renewal import Renewal
from exporter.diagnosis.renewal_signs import renewal_of
from exporter.exposition.views import RouteView, TargetView
from exporter.metrics import Metric, Reading, Scope, only_state
from exporter.observation import Certificate


def _of(pick: Callable[[Certificate], object]) -> Callable[[RouteView], object]:
    """Return a value of the certificate; None if none was served in the last round."""

    def see(view: RouteView) -> object:
        connection = view.connection
        return pick(connection.certificate) if connection and connection.certificate else None

    return see


def _chain_not_after(view: RouteView) -> float | None:
    connection = view.connection
    return min((each.not_after for each in connection.chain), default=None) if connection else None


def _served(view: RouteView) -> int | None:
    return len(view.of.checkup.served.get(view.route, ())) or None if view.of.checkup else None


def _info(names: tuple[str, str, str]) -> Iterator[Reading]:
    yield Reading(names, 1)


def _renewal(view: TargetView) -> Renewal | None:
    return renewal_of(view.checkup) if view.checkup else None


RENEWAL_METRICS: tuple[Metric[TargetView], ...] = (
    Metric(
        "onedata_web_certificate_renewal",
        "Whether Onepanel renews the certificate, and why not, from its own view and what is served.",
        Scope.TARGET,
        _renewal,
        only_state,
        labels=("status",),
    ),
)
CERTIFICATE_METRICS: tuple[Metric[RouteView], ...] = (
    Metric(
        "onedata_tls_certificate_not_after_timestamp_seconds",
        "When the certificate as served expires, also when it is expired or untrusted.",
        Scope.ROUTE,
        _of(lambda certificate: certificate.not_after),
    ),
    Metric(
        "onedata_tls_certificate_not_before_timestamp_seconds",
        "When the certificate as served begins to be valid.",
        Scope.ROUTE,
        _of(lambda certificate: certificate.not_before),
    ),
    Metric(
        "onedata_tls_chain_not_after_timestamp_seconds",
        "Earliest end of the certificates that the server sent, its own included.",
        Scope.ROUTE,
        _chain_not_after,
    ),
    Metric(
        "onedata_tls_certificates_served",
        "Distinct certificates seen in the last 10 minutes; more than 1 for long: nodes serve different ones.",
        Scope.ROUTE,
        _served,
    ),
    Metric(
        "onedata_tls_certificate_verified",
        "1: the certificate was verified against the configured authorities and name.",
        Scope.ROUTE,
        _of(lambda certificate: certificate.verified),
    ),
    Metric(
        "onedata_tls_certificate_info",
        "The certificate as served; always 1.",
        Scope.ROUTE,
        _of(lambda certificate: (certificate.subject, certificate.issuer, certificate.fingerprint_sha256)),
        _info,
        labels=("subject", "issuer", "fingerprint_sha256"),
    ),
)
