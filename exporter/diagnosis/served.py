"""Which certificates each route was served in the last ten minutes: several nodes may answer to one name. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from exporter.observation import Certificate, Visit
from exporter.targets import AccessPath, Route

WINDOW_SECONDS = 600.0
# So long after a renewal, nodes may still serve different certificates.
_RENEWAL_SECONDS = 900.0
# A server may show another certificate each time.
_MAX_SIGHTINGS = 8
_ALWAYS = float("-inf")


@dataclass(frozen=True, slots=True)
class Sighting:
    """A certificate with its chain, and when it was seen first and last (seconds since the epoch).

    What the first round of a target sees may have been there always.
    """

    chain: tuple[Certificate, ...]
    first_at: float
    last_at: float

    @property
    def certificate(self) -> Certificate:
        """Return the server's own certificate."""
        return self.chain[0]

    @property
    def fingerprint(self) -> str:
        """Return what distinguishes certificates."""
        return self.certificate.fingerprint_sha256


Served: TypeAlias = Mapping[Route, tuple[Sighting, ...]]


def served_since(before: Served | None, visits: Mapping[Route, Visit], at: float) -> Served:
    """Return what each route was served in the last ten minutes. `before` is what was so before this round."""
    found = {route: _of_route(before, route, visit, at) for route, visit in visits.items()}
    return {route: sightings for route, sightings in found.items() if sightings}


def _of_route(before: Served | None, route: Route, visit: Visit, at: float) -> tuple[Sighting, ...]:
    known = {
        each.fingerprint: each
        for each in (before or {}).get(route, ())
        if at - WINDOW_SECONDS < each.last_at <= at
    }
    first_at = _ALWAYS if before is None else at
    for connection in visit.connections:
        if connection.chain:
            seen = Sighting(connection.chain, first_at, at)
            earlier = known.pop(seen.fingerprint, seen)
            known[seen.fingerprint] = replace(seen, first_at=earlier.first_at)
    return tuple(known.values())[-_MAX_SIGHTINGS:]


def in_use(sightings: Iterable[Sighting]) -> tuple[Sighting, ...]:
    """Return those that are still served: one that another has replaced is not seen after that one came."""
    found = tuple(sightings)
    newest = max((each.first_at for each in found), default=_ALWAYS)
    return tuple(each for each in found if each.last_at >= newest)


def renewed(served: Served, routes: Iterable[Route], at: float) -> Sighting | None:
    """Return the certificate that all these routes serve in place of another one, the last of them since a time."""
    newest = []
    for route in routes:
        sightings = served.get(route, ())
        current = in_use(sightings)
        if len(current) != 1 or len(sightings) == 1:
            return None
        newest.append(current[0])
    is_same = len({each.fingerprint for each in newest}) == 1
    has_begun = max((each.first_at for each in newest), default=_ALWAYS) == at
    return newest[0] if is_same and has_begun else None


def differing(served: Served, at: float) -> Iterator[tuple[AccessPath, tuple[Sighting, ...]]]:
    """Yield each path over which different certificates are served, unless one was renewed just before."""
    for path in AccessPath:
        of_path = [each for route in served if route.path is path for each in in_use(served[route])]
        distinct = {each.fingerprint: each for each in of_path}
        newest = max((each.first_at for each in of_path), default=at)
        if len(distinct) > 1 and newest <= at - _RENEWAL_SECONDS:
            yield path, tuple(sorted(distinct.values(), key=lambda each: each.certificate.not_after))
