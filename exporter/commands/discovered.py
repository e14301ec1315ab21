"""Discovered targets, for commands that are given the name of one: from the cache file, else from the zone itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from exporter import log
from exporter.client.client import Client
from exporter.discovery.admission import admit
from exporter.operations.providers import Provider
from exporter.polling.provider_cache import CacheError, read_cache
from exporter.polling.provider_lister import Lister, Listing
from exporter.reasons import Failure
from exporter.targets import Discovery, Target

_LISTING_SECONDS = 30.0


class NoListError(Exception):
    """A zone gives no list of its providers; the message is the reason."""


def discovered_targets(configured: Iterable[Target]) -> tuple[Target, ...]:
    """Return the targets that the configured zones list.

    Raises:
        NoListError: a zone has no cache file, and gives no list.
    """
    everywhere = tuple(configured)
    found: dict[str, Target] = {}
    for zone in everywhere:
        if zone.discovery is not None:
            admitted = admit(zone, _providers(zone, zone.discovery), [*everywhere, *found.values()])
            found |= {target.name: target for target in admitted.targets}
    return tuple(found.values())


def _providers(zone: Target, discovery: Discovery) -> tuple[Provider, ...]:
    if discovery.cache_file:
        try:
            remembered = read_cache(discovery.cache_file, zone.proxy_url)
        except CacheError:
            remembered = None
        if remembered is not None:
            return remembered.providers[: discovery.max_discovered]
    return asyncio.run(list_providers(zone, discovery)).providers


async def list_providers(zone: Target, discovery: Discovery, seconds: float = _LISTING_SECONDS) -> Listing:
    """Return the list of a zone, which may take half a minute at most.

    Raises:
        NoListError: the zone gives no list.
    """
    client = Client(log.report_bug)
    try:
        deadline = time.perf_counter() + min(seconds, _LISTING_SECONDS)
        listing = await Lister(client, zone, deadline).list_providers(discovery.max_discovered)
    finally:
        await client.close()
    if isinstance(listing, Failure):
        needed = "" if zone.auth.token else "; the command needs an access token of the zone"
        raise NoListError(f"{zone.name} lists no providers: {listing}{needed}")
    return listing
