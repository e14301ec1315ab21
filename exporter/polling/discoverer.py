"""Discovery: the zone is asked for its providers at an interval, and each becomes a target of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from exporter.client.client import Client
from exporter.discovery.admission import admit
from exporter.discovery.zone_view import ZoneView, with_failure, with_list
from exporter.log import get_logger
from exporter.polling.discovery_changes import changes, note, note_held
from exporter.polling.provider_cache import CacheError, Remembered, read_cache, write_cache
from exporter.polling.provider_lister import Lister, Listing
from exporter.polling.token_scope import scope_fault
from exporter.reasons import Failure
from exporter.state.store import Store
from exporter.targets import Discovery, Target

log = get_logger()
# A little less than the interval, so that the next list is on time.
_SHARE_OF_INTERVAL = 0.95


@dataclass(frozen=True, slots=True)
class Configured:
    """The configured targets: those of this exporter's share, and those of all shares.

    `holds`: whether a discovered target of this name belongs to this share. Each exporter asks every zone.
    """

    here: tuple[Target, ...] = ()
    everywhere: tuple[Target, ...] = ()
    holds: Callable[[str], bool] = bool

    @property
    def zones(self) -> tuple[Target, ...]:
        """Return the zones that are asked for their providers."""
        return tuple(target for target in self.everywhere if target.discovery)


class Discoverer:
    """Keeps the discovered targets of all zones. `apply` receives all targets whenever they change."""

    def __init__(self, client: Client, store: Store, apply: Callable[[tuple[Target, ...]], None]) -> None:
        self._client = client
        self._store = store
        self._apply = apply
        self._configured = Configured()
        self._views: dict[tuple[str, str], ZoneView] = {}
        self._applied: tuple[Target, ...] = ()
        self._scope_faults: dict[str, str] = {}

    async def set_targets(self, configured: Configured) -> None:
        """Start from these configured targets; a zone that was asked before, at the same origin, keeps its list.

        The list of a new zone comes from its cache file, if it has one.
        """
        cached = {
            _key(zone): await asyncio.to_thread(_from_cache, zone)
            for zone in configured.zones
            if _key(zone) not in self._views
        }
        known = cached | self._views  # with the lists that arrived meanwhile
        self._configured, self._views = (
            configured,
            {_key(zone): known[_key(zone)] for zone in configured.zones},
        )
        self._scope_faults = {zone.name: self._scope_faults.get(zone.name, "") for zone in configured.zones}
        self._publish()

    async def poll(self, zone: Target) -> None:
        """Ask one zone for its list, and take the outcome over."""
        if zone.discovery is None:
            return
        await self._check_scope(zone, zone.discovery)
        deadline = time.perf_counter() + _SHARE_OF_INTERVAL * zone.discovery.interval
        lister = Lister(self._client, zone, deadline, self._store.count_sent)
        listing = await lister.list_providers(zone.discovery.max_discovered)
        before = self._views.get(_key(zone))
        if before is None:  # a reload removed it meanwhile, or it leads elsewhere
            return
        self._views[_key(zone)] = after = _after(before, listing, time.time())
        if after.failure and after.failure != before.failure:
            log.warning("providers not listed, the last list stays", target=zone.name, error=after.failure)
        if after.held - before.held:
            note_held(zone, len(after.held), self._store, time.time())
        self._publish()
        if isinstance(listing, Listing):
            await asyncio.to_thread(_to_cache, zone, after)

    async def _check_scope(self, zone: Target, discovery: Discovery) -> None:
        """Log what is wrong with the token of discovered clusters, once until it changes."""
        fault = await asyncio.to_thread(scope_fault, discovery)
        if fault and fault != self._scope_faults.get(zone.name):
            log.warning("credentials of discovered clusters", target=zone.name, error=fault)
        self._scope_faults[zone.name] = fault

    def _publish(self) -> None:
        """Admit the providers of all lists, and pass the targets on if they differ from the last ones."""
        found: dict[str, Target] = {}
        for zone in self._configured.zones:
            view = self._views[_key(zone)]
            admitted = admit(zone, view.providers.values(), [*self._configured.everywhere, *found.values()])
            self._views[_key(zone)] = replace(view, admissions=admitted.admissions)
            found |= {target.name: target for target in admitted.targets}
        self._store.set_zones({zone.name: self._views[_key(zone)] for zone in self._configured.zones})
        own = (target for target in found.values() if self._configured.holds(target.name))
        targets = (*self._configured.here, *own)
        if targets != self._applied:
            found_changes = changes(self._applied, targets)
            self._applied = targets
            self._apply(targets)
            note(found_changes, self._store, time.time())


def _key(zone: Target) -> tuple[str, str]:
    """Return the name of a zone and the origin that lists its providers: a list is that of both."""
    return zone.name, zone.proxy_url


def _after(before: ZoneView, listing: Listing | Failure, now: float) -> ZoneView:
    if isinstance(listing, Failure):
        return with_failure(before, str(listing), now)
    return with_list(before, listing.providers, listing.total, now)


def _from_cache(zone: Target) -> ZoneView:
    if zone.discovery is None or not zone.discovery.cache_file:
        return ZoneView()
    try:
        remembered = read_cache(zone.discovery.cache_file, zone.proxy_url)
    except CacheError as error:
        log.error("provider cache ignored", target=zone.name, error=str(error))
        return ZoneView()
    if remembered is None:
        return ZoneView()
    providers = {each.provider_id: each for each in remembered.providers[: zone.discovery.max_discovered]}
    return ZoneView(
        providers=providers, seen_online=remembered.seen_online, succeeded_at=remembered.listed_at
    )


def _to_cache(zone: Target, view: ZoneView) -> None:
    if zone.discovery is None or not zone.discovery.cache_file or view.succeeded_at is None:
        return
    try:
        write_cache(
            zone.discovery.cache_file,
            Remembered(zone.proxy_url, tuple(view.providers.values()), view.succeeded_at, view.seen_online),
        )
    except CacheError as error:
        log.error("provider cache not written", target=zone.name, error=str(error))
