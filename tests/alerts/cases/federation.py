"""A zone and its providers."""

from __future__ import annotations

from tests.alerts.cases.case import JOB, OWN, Case
from tests.alerts.timeline import ONSET_MINUTES, always, series, turns

_EXPIRY = series("onedata_token_expiry_timestamp_seconds")
_STOPPED = 60 * ONSET_MINUTES

FEDERATION = (
    Case(
        alert="OnedataProviderIncompatible",
        severity="warning",
        after=17,
        changes={series("onedata_provider_compatible", onezone="zone"): turns(1, 0)},
        labels=OWN,
        summary="krakow is not compatible with its zone",
        description="krakow runs a version that its zone does not support. First step: compare both versions on "
        "the federation dashboard, and upgrade the older one.",
    ),
    Case(
        alert="OnedataClockOffset",
        severity="warning",
        after=10,
        changes={series("onedata_clock_offset_seconds"): turns(-1, -31)},
        labels=OWN,
        summary="The clock of krakow is wrong by -31s",
        description="The clock of krakow minus the exporter's is -31s: tokens are rejected and providers "
        "disconnect. First step: check the time service on the hosts of the cluster, then on the host of the "
        "exporter.",
        gone_after=1.5,
    ),
    Case(
        alert="OnedataDiscoveryStale",
        severity="warning",
        after=75,
        step=5.0,
        changes={
            series("onedata_discovery_last_attempt_timestamp_seconds"): lambda minutes: 60 * minutes,
            series("onedata_discovery_last_success_timestamp_seconds"): lambda minutes: min(
                60 * minutes, _STOPPED
            ),
        },
        labels=OWN,
        summary="The list of providers of krakow is out of date",
        description="The exporter cannot read the list of providers of krakow: new providers are not polled. First "
        "step: check the discovery on the target's page. An expired token is the most frequent cause.",
        gone_after=None,
        elsewhere={
            series("onedata_discovery_last_attempt_timestamp_seconds"): lambda minutes: 60 * minutes,
            series("onedata_discovery_last_success_timestamp_seconds"): lambda minutes: 60 * minutes,
        },
    ),
    Case(
        alert="OnedataTokenExpiring",
        severity="warning",
        after=15.5,
        changes={_EXPIRY: always(_STOPPED + 7 * 86_400)},
        labels=OWN,
        summary="The token for krakow expires",
        description="The token that the exporter uses for krakow expires in 6d 23h 44m 30s (negative: it has "
        "expired): discovery and service statuses end with it. First step: create a new token and write it into "
        "the token file.",
        gone_after=None,
        elsewhere=None,
    ),
    Case(
        alert="OnedataVersionSkew",
        severity="info",
        after=55,
        step=5.0,
        changes={
            series("onedata_cluster_info", zone_domain="zone.example", version="21.02.7"): always(1),
            series(
                "onedata_cluster_info", target="paris", zone_domain="zone.example", version="21.02.4"
            ): always(1),
        },
        labels={**JOB, "zone_domain": "zone.example"},
        summary="Zone zone.example runs 2 versions",
        description="The clusters of zone zone.example run 2 different versions. "
        "First step: find the older ones on the federation dashboard, and upgrade them.",
        gone_after=None,
        elsewhere=None,
    ),
)
