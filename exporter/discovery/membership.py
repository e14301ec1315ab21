"""What a zone and its provider report of one another: connected or not, compatible or not. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from exporter.diagnosis.checkup import CONFIGURATION, Checkup
from exporter.discovery.zone_view import ZoneView
from exporter.operations import worker_configuration, zone_clock, zone_connectivity
from exporter.operations.configuration import Configuration
from exporter.operations.providers import Provider
from exporter.operations.worker_configuration import WorkerConfiguration
from exporter.operations.zone_clock import LARGEST_OFFSET_SECONDS, ZoneClock
from exporter.operations.zone_connectivity import ZoneConnectivity
from exporter.targets import AccessPath


class Side(Enum):
    """The side that calls a provider disconnected; the value is for people."""

    PROVIDER = "the provider itself"
    ZONE = "the zone"
    BOTH = "the provider itself and the zone"


@dataclass(frozen=True, slots=True)
class Membership:
    """A provider's place in its zone. `zone` is the zone's latest checkup, None if the zone is not watched.

    `onezone` is the name of the zone's target. `view` and `provider_id` are there if that zone listed the provider.
    `recovered_at` is when the zone answered again after an outage (seconds since the epoch), 0 without one: what
    either side reported before is about the outage. `reported_since` is since when the provider has reported that it
    is disconnected: that counts if the zone has answered since, as it may be the zone that is failing.
    """

    zone: Checkup | None = None
    onezone: str = ""
    view: ZoneView | None = None
    provider_id: str = ""
    recovered_at: float = 0.0
    reported_since: float = 0.0

    @property
    def provider(self) -> Provider | None:
        """Return the provider as the zone lists it."""
        return self.view.provider(self.provider_id) if self.view else None

    @property
    def zone_answers(self) -> bool:
        """Return whether the zone answers over its proxy path; True if no zone is watched.

        A zone that another exporter polls answers as long as it lists its providers.
        """
        if not self.onezone:
            return True
        if self.zone is None:
            return self.view is not None and not self.view.failure
        return any(route.path is AccessPath.PROXY for route in self.zone.routes_up)

    def disconnected(self, checkup: Checkup) -> Side | None:
        """Return which side calls the provider disconnected; None if neither does, or the zone itself is down.

        The provider's own word counts always; the zone's only after it called the provider online once.
        """
        if not self.zone_answers:
            return None
        by_provider = self._provider_reports(checkup) is False
        by_zone = self._zone_reports() is False
        if by_provider and by_zone:
            return Side.BOTH
        if by_provider:
            return Side.PROVIDER
        return Side.ZONE if by_zone else None

    def connected(self, checkup: Checkup) -> bool | None:
        """Return whether the provider is connected to its zone, for the diagnosis; None if it is not known."""
        if self.disconnected(checkup) is not None:
            return False
        is_known = self._provider_reports(checkup) is not None or self._zone_reports() is not None
        return True if is_known and self.zone_answers else None

    def _provider_reports(self, checkup: Checkup) -> bool | None:
        """Return whether the provider reports a connection; None if it did not since the zone recovered.

        None, too, if it reports a loss, and the zone has not been asked since.
        """
        own = checkup.facts(zone_connectivity.OPERATION.name)
        is_recent = checkup.details is not None and checkup.details.began_at >= self.recovered_at
        if not isinstance(own, ZoneConnectivity) or not is_recent:
            return None
        return own.connected if own.connected or self._asked_at >= self.reported_since else None

    @property
    def _asked_at(self) -> float:
        """When the zone was asked last, or if another exporter polls it, gave its last list; infinity without one."""
        if self.zone is not None:
            return self.zone.finished_at - self.zone.seconds
        return math.inf if self.view is None else self.view.succeeded_at or 0.0

    def _zone_reports(self) -> bool | None:
        """Return whether the zone does not report a loss of the connection; None without a list since it recovered."""
        if self.view is None or self.provider is None or (self.view.succeeded_at or 0.0) < self.recovered_at:
            return None
        return not self.view.is_cut_off(self.provider_id)

    def notes(self, checkup: Checkup) -> tuple[str, ...]:
        """Return the texts of what is wrong between the provider and its zone, and of what differs."""
        return tuple(
            filter(
                None,
                (self._disconnection(checkup), self._incompatibility(checkup), self.contradiction(checkup)),
            )
        )

    def _disconnection(self, checkup: Checkup) -> str:
        side = self.disconnected(checkup)
        if side is None:
            return ""
        clock = self.zone.facts(zone_clock.OPERATION.name) if self.zone else None
        offset = clock.offset_seconds if isinstance(clock, ZoneClock) else None
        is_off = offset is not None and abs(offset) > LARGEST_OFFSET_SECONDS
        if _is_unregistered(checkup):
            differs = "the provider is not registered in any zone: register it in its Onepanel"
        elif self.view is not None and self.provider is None:
            differs = (
                "the zone does not list the provider: it was removed there, or the token may not list it"
            )
        elif self.compatible(checkup) is False:
            differs = "the zone does not accept the provider's version"
        elif is_off:
            differs = f"the zone's clock differs by {offset:+.1f} s from the exporter's: check the clocks"
        else:
            differs = "no difference is known: check the provider's clock and its network towards the zone"
        return f"disconnected from the zone, as {side.value} reports; {differs}"

    def _incompatibility(self, checkup: Checkup) -> str:
        if self.compatible(checkup) is not False:
            return ""
        return f"version {_version(checkup)} is not among the versions that the zone accepts"

    def compatible(self, checkup: Checkup) -> bool | None:
        """Return whether the zone accepts the provider's version; None if that is not known."""
        accepted = _worker(self.zone).compatible_providers if self.zone else None
        version = _version(checkup) or (self.provider.version if self.provider else "")
        return version in accepted if accepted is not None and version else None

    def contradiction(self, checkup: Checkup) -> str:
        """Return how the provider's own list of versions contradicts the zone's; empty if it does not."""
        accepted = _worker(checkup).compatible_zones
        zone_version = _version(self.zone) if self.zone else ""
        if accepted is None or not zone_version or self.compatible(checkup) is None:
            return ""
        if (zone_version in accepted) is self.compatible(checkup):
            return ""
        one, other = ("zone", "provider") if self.compatible(checkup) else ("provider", "zone")
        return f"the {one} calls both versions compatible, the {other} does not"


def reported_since(before: float, checkup: Checkup) -> float:
    """Return since when a provider has reported that it is disconnected; infinity if it has not.

    `before` is the result of the round before. Times are in seconds since the epoch.
    """
    own = checkup.facts(zone_connectivity.OPERATION.name)
    if not isinstance(own, ZoneConnectivity) or checkup.details is None:
        return before
    return math.inf if own.connected else min(before, checkup.details.began_at)


def zone_domain_of(checkup: Checkup) -> str:
    """Return the domain of the zone that a Oneprovider belongs to; empty if it is not known."""
    facts = checkup.facts(CONFIGURATION)
    if isinstance(facts, Configuration) and facts.kind.value == "oneprovider":
        return facts.zone_domain.lower()
    return ""


def _is_unregistered(checkup: Checkup) -> bool:
    facts = checkup.facts(CONFIGURATION)
    return isinstance(facts, Configuration) and facts.registered is False


def _worker(checkup: Checkup) -> WorkerConfiguration:
    facts = checkup.facts(worker_configuration.OPERATION.name)
    return facts if isinstance(facts, WorkerConfiguration) else WorkerConfiguration("", "")


def _version(checkup: Checkup) -> str:
    """Return the version of the worker if it is known, else that of its Onepanel."""
    facts = checkup.facts(CONFIGURATION)
    return _worker(checkup).version or (facts.version if isinstance(facts, Configuration) else "")
