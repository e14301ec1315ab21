"""Metrics of the public interface that rules and runbooks know already, and that the exporter does not export yet."""

PENDING = frozenset(
    {
        "onedata_tls_certificates_served",
        "onedata_tls_chain_not_after_timestamp_seconds",
        "onedata_web_certificate_renewal",
    }
)
