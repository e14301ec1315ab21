"""Metrics of a zone's discovery, and of each provider's place in its zone."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.exposition.views import TargetView
from exporter.metrics import Metric, Reading, Scope, Series, as_seen, by_label
from exporter.operations.providers import Provider


def _attempted(view: TargetView) -> float | None:
    return view.zone.attempted_at if view.zone else None


def _succeeded(view: TargetView) -> float | None:
    return view.zone.succeeded_at if view.zone else None


def _counts(view: TargetView) -> Series | None:
    counts = view.zone.counts() if view.zone else {}
    return by_label(tuple(counts), counts.values()) if counts else None


def _listed(view: TargetView) -> tuple[str, Provider] | None:
    provider = view.membership.provider
    return (view.membership.onezone, provider) if provider else None


def _info(listed: tuple[str, Provider]) -> Iterator[Reading]:
    onezone, provider = listed
    place = (_degrees(provider.latitude), _degrees(provider.longitude))
    yield Reading((onezone, provider.provider_id, provider.name, provider.domain, *place), 1)


def _degrees(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _online(view: TargetView) -> tuple[str, bool] | None:
    provider = view.membership.provider
    return None if provider is None or provider.online is None else (view.membership.onezone, provider.online)


def _compatible(view: TargetView) -> tuple[str, bool] | None:
    compatible = view.membership.compatible(view.checkup) if view.checkup else None
    return None if compatible is None else (view.membership.onezone, compatible)


def _by_zone(seen: tuple[str, bool]) -> Iterator[Reading]:
    onezone, value = seen
    yield Reading((onezone,), float(value))


def _token_expiry(view: TargetView) -> float | None:
    details = view.checkup.details if view.checkup else None
    return details.token_expires_at if details else None


FEDERATION_METRICS: tuple[Metric[TargetView], ...] = (
    Metric(
        "onedata_discovery_last_attempt_timestamp_seconds",
        "When the zone was last asked for its providers.",
        Scope.TARGET,
        _attempted,
    ),
    Metric(
        "onedata_discovery_last_success_timestamp_seconds",
        "When the zone last listed its providers.",
        Scope.TARGET,
        _succeeded,
    ),
    Metric(
        "onedata_discovered_providers",
        "Providers that the zone lists, by what the exporter does with them.",
        Scope.TARGET,
        _counts,
        as_seen,
        labels=("state",),
    ),
    Metric(
        "onedata_provider_info",
        "The provider as its zone lists it; always 1.",
        Scope.TARGET,
        _listed,
        _info,
        labels=("onezone", "provider_id", "name", "domain", "latitude", "longitude"),
    ),
    Metric(
        "onedata_provider_online",
        "1: the zone holds a connection of the provider. 0: it does not.",
        Scope.TARGET,
        _online,
        _by_zone,
        labels=("onezone",),
    ),
    Metric(
        "onedata_provider_compatible",
        "1: the provider's version is among those that the zone accepts. 0: it is not.",
        Scope.TARGET,
        _compatible,
        _by_zone,
        labels=("onezone",),
    ),
    Metric(
        "onedata_target_expected_offline",
        "1: the target is configured as expected offline; no alert is raised for it.",
        Scope.TARGET,
        lambda view: view.target.is_expected_offline,
    ),
    Metric(
        "onedata_token_expiry_timestamp_seconds",
        "When the target's access token expires. Absent without a `time` caveat.",
        Scope.TARGET,
        _token_expiry,
    ),
)
