"""The Oneproviders of a zone, as the zone's worker lists them to a token; never polled in a round.

The REST API is the worker's, on 443 of the zone's domain. It answers only while the worker runs. An administrator's
token may list all providers. Any other token lists what its own user may see: the effective clusters and providers.
Any key may be missing, and unknown keys appear. Source: the API definition of oz-worker 21.02.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar
from urllib.parse import quote

from exporter.operations.operation import Request
from exporter.operations.outcome import Facts
from exporter.operations.responses import Response, read_object, sanitize
from exporter.reasons import Failure, Reason
from exporter.targets import AccessPath

ZONE_API = "/api/v3/onezone"
# The metric label `operation` of all requests for a list.
LISTING = "providers"
Value = TypeVar("Value")

# A list of a million ids is longer; one of ten thousand fits.
_MAX_LIST_BYTES = 1024 * 1024
_MAX_ID_CHARACTERS = 100
# The id of a zone's own cluster, which is no provider.
_ZONE_CLUSTER = "onezone"


@dataclass(frozen=True, slots=True)
class Provider(Facts):
    """A Oneprovider as its zone lists it; an empty string or None is what the zone did not report.

    `online`: the zone holds a GraphSync connection of it. `onepanel_proxy`: its proxy path is switched on.
    """

    provider_id: str
    name: str = ""
    domain: str = ""
    latitude: float | None = None
    longitude: float | None = None
    online: bool | None = None
    onepanel_proxy: bool | None = None
    version: str = ""


@dataclass(frozen=True, slots=True)
class ProviderIds(Facts):
    """The ids in a list, in its order and each once. `total` counts those that were left out as well."""

    ids: tuple[str, ...]
    total: int


@dataclass(frozen=True, slots=True)
class ClusterFacts(Facts):
    """What the zone knows of a provider's cluster: whether Onepanel is proxied, and the worker's version."""

    onepanel_proxy: bool | None
    version: str


def read_ids(response: Response, key: str, limit: int) -> ProviderIds | Failure:
    """Return the ids of a list, at most `limit` of them; the zone's own cluster is left out."""
    body = read_object(response)
    if isinstance(body, Failure):
        return body
    listed = body.get(key)
    if not isinstance(listed, list):
        return Failure(Reason.INVALID_BODY, f"no {key} in the list")
    ids = dict.fromkeys(each for each in listed if _is_id(each) and each != _ZONE_CLUSTER)
    return ProviderIds(tuple(ids)[:limit], len(listed) - (_ZONE_CLUSTER in ids))


def _is_id(value: object) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value) <= _MAX_ID_CHARACTERS
        and value.isascii()
        and value.isprintable()
    )


def read_provider(response: Response, provider_id: str) -> Provider | Failure:
    """Return the facts of one provider; the id is the one that was asked for, not that of the answer."""
    body = read_object(response)
    if isinstance(body, Failure):
        return body
    latitude, longitude = _coordinate(body.get("latitude"), 90.0), _coordinate(body.get("longitude"), 180.0)
    return Provider(
        provider_id=provider_id,
        name=_text(body.get("name")),
        domain=_text(body.get("domain")),
        latitude=latitude,
        longitude=longitude,
        online=_flag(body.get("online")),
    )


def read_cluster(response: Response) -> ClusterFacts | Failure:
    """Return the facts of one cluster."""
    body = read_object(response)
    if isinstance(body, Failure):
        return body
    worker = body.get("workerVersion")
    release = worker.get("release") if isinstance(worker, dict) else None
    return ClusterFacts(_flag(body.get("onepanelProxy")), _text(release))


def _text(value: object) -> str:
    return sanitize(value) if isinstance(value, str) else ""


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _coordinate(value: object, largest: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -largest <= value <= largest else None


def list_requests(limit: int) -> Iterable[Request[ProviderIds]]:
    """Return the requests for lists of provider ids: an administrator's first, then those of the token's own user.

    The id of a provider is the id of its cluster, so that both lists of a user name providers.
    """
    yield _request("/providers", partial(read_ids, key="providers", limit=limit), _MAX_LIST_BYTES)
    for kind in ("clusters", "providers"):
        yield _request(f"/user/effective_{kind}", partial(read_ids, key=kind, limit=limit), _MAX_LIST_BYTES)


def provider_request(provider_id: str, *, privileged: bool) -> Request[Provider]:
    """Return the request for the facts of one provider."""
    place = "/providers" if privileged else "/user/effective_providers"
    return _request(f"{place}/{quote(provider_id, safe='')}", partial(read_provider, provider_id=provider_id))


def cluster_request(provider_id: str, *, privileged: bool) -> Request[ClusterFacts]:
    """Return the request for the facts of one provider's cluster."""
    place = "/clusters" if privileged else "/user/effective_clusters"
    return _request(f"{place}/{quote(provider_id, safe='')}", read_cluster)


def _request(
    path: str, read: Callable[[Response], Value | Failure], max_body_bytes: int = 16 * 1024
) -> Request[Value]:
    return Request(
        ZONE_API + path, read, credentials=True, over=AccessPath.PROXY, max_body_bytes=max_body_bytes
    )
