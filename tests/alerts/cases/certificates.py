"""Certificates."""

from __future__ import annotations

from dataclasses import replace

from tests.alerts.cases.case import OWN, Case
from tests.alerts.timeline import ONSET_MINUTES, Shape, always, begins, ends, series, turns

DAY_SECONDS = 86_400
HOUR_MINUTES = 60.0


def certificate(lifetime_days: float, days: float, path: str, **labels: str) -> dict[str, Shape]:
    """Return a certificate of this lifetime that ends so many days after the beginning of the test."""
    end = days * DAY_SECONDS
    prefix = "onedata_tls_certificate_not"
    return {
        series(f"{prefix}_before_timestamp_seconds", path=path, **labels): always(
            end - lifetime_days * DAY_SECONDS
        ),
        series(f"{prefix}_after_timestamp_seconds", path=path, **labels): always(end),
        series("onedata_tls_chain_not_after_timestamp_seconds", path=path, **labels): always(end),
    }


def _info(node: str, fingerprint: str) -> str:
    return series("onedata_tls_certificate_info", path="proxy", node=node, fingerprint_sha256=fingerprint)


# A quarter of an hour after the onset, at minute 20.5, this is what remains of a day and 30 minutes.
_ONSET_DAYS = 5 / 24 / 60

_DIFFER = Case(
    alert="OnedataCertificatesDiffer",
    severity="warning",
    after=15,
    changes={series("onedata_tls_certificates_served", path="proxy"): turns(1, 2)},
    labels=OWN,
    summary="The nodes of krakow serve different certificates",
    description="krakow serves 2 different certificates over one path: a node was left out of the last renewal. "
    "First step: compare the nodes' certificates, and restart Onepanel on the node that serves the old one.",
    elsewhere=None,
)

CERTIFICATES = (
    Case(
        alert="OnedataCertificateRenewalOverdue",
        severity="critical",
        after=15.5,
        changes=certificate(90, 7 + _ONSET_DAYS, "direct"),
        labels=OWN,
        summary="The certificate of krakow was not renewed in time",
        description="The certificate that krakow serves, or one of its chain, expires in 6d 23h 44m 30s. "
        "First step: check the renewal on the target's page, or in Onepanel under certificate.",
        path="direct",
        gone_after=None,
        elsewhere=None,
    ),
    Case(
        alert="OnedataCertificateExpired",
        severity="critical",
        after=5.5,
        changes=certificate(90, _ONSET_DAYS, "proxy"),
        labels=OWN,
        summary="The certificate of krakow has expired",
        description="The certificate that krakow serves, or one of its chain, has expired: browsers and clients "
        "reject it. First step: renew it in Onepanel on port 9443. The direct path works without a valid "
        "certificate.",
        path="proxy",
        gone_after=None,
        elsewhere=None,
    ),
    _DIFFER,
    # Nodes that are polled one by one, of which one is renewed.
    replace(
        _DIFFER,
        variant="nodes that are polled one by one",
        changes={
            _info("node1", "01"): always(1),
            _info("node2", "01"): ends(always(1)),
            _info("node2", "02"): begins(always(1), ONSET_MINUTES),
            **{
                series("onedata_tls_certificates_served", path="proxy", node=node): always(1)
                for node in ("node1", "node2")
            },
        },
    ),
)

_WEB = "onedata_web_certificate"
_RENEWAL = {
    series(f"{_WEB}_lets_encrypt"): always(1),
    series(f"{_WEB}_last_renewal_success_timestamp_seconds"): always(1000),
    series(f"{_WEB}_status", status="valid"): turns(1, 0),
    series(f"{_WEB}_status", status="near_expiration"): turns(0, 1),
}
_RENEWAL_FAILS = Case(
    alert="OnedataCertificateRenewalFailing",
    severity="warning",
    after=6 * HOUR_MINUTES + 55,
    changes=_RENEWAL,
    labels=OWN,
    summary="The renewal of the certificate of krakow fails",
    description="Onepanel of krakow should renew its certificate of Let's Encrypt, and does not. First step: "
    "check the renewal on the target's page: it names port 80, DNS, the worker or a missing job.",
    gone_after=HOUR_MINUTES,
    step=HOUR_MINUTES,
)

# What takes hours.
SLOW_CERTIFICATES = (
    Case(
        alert="OnedataCertificateRenewalOverdue",
        severity="warning",
        after=25 * HOUR_MINUTES - 5,
        changes=certificate(90, 28, "direct"),
        labels=OWN,
        summary="The certificate of krakow was not renewed in time",
        description="The certificate that krakow serves, or one of its chain, expires in 26d 23h 0m 0s. "
        "First step: check the renewal on the target's page, or in Onepanel under certificate.",
        path="direct",
        gone_after=None,
        step=HOUR_MINUTES,
        elsewhere=None,
    ),
    _RENEWAL_FAILS,
    *(
        replace(
            _RENEWAL_FAILS,
            variant=status,
            changes={
                series(f"{_WEB}_renewal", status="fine"): turns(1, 0),
                series(f"{_WEB}_renewal", status=status): turns(0, 1),
            },
        )
        for status in ("failing", "job_lost", "stuck", "worker_down")
    ),
    replace(
        _RENEWAL_FAILS,
        variant="a failure after the last success",
        changes={
            series(f"{_WEB}_last_renewal_success_timestamp_seconds"): always(1000),
            series(f"{_WEB}_last_renewal_failure_timestamp_seconds"): turns(500, 2000),
        },
        elsewhere=None,
    ),
)
