"""Metrics of the certificate that each route is served."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from exporter.metrics import Metric, Reading, Scope, one
from exporter.observation import Certificate
from exporter.views import RouteView


def _of(read: Callable[[Certificate], Iterable[Reading]]) -> Callable[[RouteView], Iterable[Reading]]:
    """A reader of the certificate; nothing when none was served in the last round."""

    def read_view(view: RouteView) -> Iterable[Reading]:
        connection = view.connection
        return read(connection.certificate) if connection and connection.certificate else ()

    return read_view


def _info(certificate: Certificate) -> Iterator[Reading]:
    yield Reading((certificate.subject, certificate.issuer, certificate.fingerprint_sha256), 1)


CERTIFICATE_METRICS: tuple[Metric[RouteView], ...] = (
    Metric(
        "onedata_tls_certificate_not_after_timestamp_seconds",
        "When the certificate as served expires, also when it is expired or untrusted.",
        Scope.ROUTE,
        _of(lambda certificate: one(certificate.not_after)),
    ),
    Metric(
        "onedata_tls_certificate_not_before_timestamp_seconds",
        "When the certificate as served begins to be valid.",
        Scope.ROUTE,
        _of(lambda certificate: one(certificate.not_before)),
    ),
    Metric(
        "onedata_tls_certificate_verified",
        "1: the certificate was verified against the configured authorities and name.",
        Scope.ROUTE,
        _of(lambda certificate: one(certificate.verified)),
    ),
    Metric(
        "onedata_tls_certificate_info",
        "The certificate as served; always 1.",
        Scope.ROUTE,
        _of(_info),
        labels=("subject", "issuer", "fingerprint_sha256"),
    ),
)
