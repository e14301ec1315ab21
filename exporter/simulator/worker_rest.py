"""The REST API of the worker on 443: a Onezone's facts of its Oneproviders, and each Oneprovider's own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from exporter.simulator.cluster import Cluster
from exporter.simulator.credentials import Caller, authenticate_at_worker
from exporter.simulator.errors import FORBIDDEN, INTERNAL_ERROR, NOT_FOUND, UNAUTHORIZED
from exporter.simulator.host_state import Worker
from exporter.simulator.messages import JSON, Reply, Request, encode_json
from exporter.simulator.registry import Registration, cluster_facts
from exporter.targets import Kind

# The worker's own answers allow no other web page to read them, unlike Onepanel's.
_HEADERS = Reply(200).headers
_REGISTRY_REVISION = 2026111800
_ONEZONE = "onezone"

Answer: TypeAlias = Callable[[Cluster, Caller, str], Reply]


class WorkerResource(NamedTuple):
    """What one URL serves: to `administrators` only, to every user, or (`public`) without credentials."""

    answer: Answer
    public: bool = False
    administrators: bool = False


def json_answer(value: object, status: int = 200) -> Reply:
    """Return an answer of the worker."""
    return Reply(status, encode_json(value), JSON)


def answer(request: Request, cluster: Cluster) -> Reply | None:
    """Return the answer of the worker's REST API; None for a URL that is none of it."""
    root = f"/api/v3/{cluster.kind}/"
    if not request.path.startswith(root):
        return None
    name = request.path.removeprefix(root).removesuffix("/")
    given = cluster.worker_replies.get(name)
    if given is not None:
        return given
    parent, _slash, argument = name.rpartition("/")
    resources = _RESOURCES[cluster.kind]
    resource, found = resources.get(name), ""
    if resource is None:
        resource, found = resources.get(f"{parent}/*"), argument
    if resource is None or (name == "health" and not cluster.knows_health):
        return Reply(404)
    caller = authenticate_at_worker(request, cluster)
    reply = caller if isinstance(caller, Reply) else _answer(resource, cluster, caller, found)
    return replace(reply, headers=_HEADERS)


def _answer(resource: WorkerResource, cluster: Cluster, caller: Caller, argument: str) -> Reply:
    if caller is Caller.ANONYMOUS and not resource.public:
        return UNAUTHORIZED
    if resource.administrators and caller is not Caller.ADMINISTRATOR:
        return FORBIDDEN
    return resource.answer(cluster, caller, argument)


def _health(cluster: Cluster, _caller: Caller, _argument: str) -> Reply:
    is_failing = cluster.host_state(cluster.own_host).worker is Worker.FAILING
    return INTERNAL_ERROR if is_failing else json_answer({"status": "healthy"})


def _current_time(cluster: Cluster, _caller: Caller, _argument: str) -> Reply:
    return json_answer({"timeMillis": round(1000 * (time.time() + cluster.clock_offset_seconds))})


def _zone_configuration(cluster: Cluster, _caller: Caller, _argument: str) -> Reply:
    return json_answer(
        {
            "name": cluster.name,
            "domain": cluster.domain,
            "version": cluster.version,
            "build": cluster.build,
            "compatibleOneproviderVersions": list(cluster.compatible_versions),
            "compatibilityRegistryRevision": _REGISTRY_REVISION,
            "subdomainDelegationSupported": False,
            "supportedIdPs": [],
        }
    )


def _provider_configuration(cluster: Cluster, _caller: Caller, _argument: str) -> Reply:
    provider = cluster.provider
    return json_answer(
        {
            "providerId": provider and provider.id,
            "name": provider and provider.name,
            "domain": provider and provider.domain,
            "onezoneDomain": cluster.domain if provider else None,
            "version": cluster.version,
            "build": cluster.build,
            "rtransferPort": 6665,
            "compatibleOnezoneVersions": list(cluster.compatible_versions),
            "compatibleOneproviderVersions": list(cluster.compatible_versions),
            "compatibleOneclientVersions": list(cluster.compatible_versions),
            "compatibilityRegistryRevision": _REGISTRY_REVISION,
        }
    )


def _visible(cluster: Cluster, caller: Caller) -> Mapping[str, Registration]:
    """Return the Oneproviders that a caller may see, by id."""
    return {
        one.provider_id: one for one in cluster.registrations if one.members or caller is Caller.ADMINISTRATOR
    }


def _providers(cluster: Cluster, caller: Caller, _argument: str) -> Reply:
    return json_answer({"providers": list(_visible(cluster, caller))})


def _provider(cluster: Cluster, caller: Caller, provider_id: str) -> Reply:
    found = _visible(cluster, caller).get(provider_id)
    return json_answer(found.as_provider()) if found else NOT_FOUND


def _clusters(cluster: Cluster, caller: Caller, _argument: str) -> Reply:
    return json_answer({"clusters": [_ONEZONE, *_visible(cluster, caller)]})


def _cluster(cluster: Cluster, caller: Caller, cluster_id: str) -> Reply:
    if cluster_id == _ONEZONE:
        return json_answer(cluster_facts(_ONEZONE, _ONEZONE, (cluster.version, cluster.build)))
    found = _visible(cluster, caller).get(cluster_id)
    return json_answer(found.as_cluster()) if found else NOT_FOUND


_RESOURCES: Mapping[Kind, Mapping[str, WorkerResource]] = {
    Kind.ONEZONE: {
        "health": WorkerResource(_health, public=True),
        "configuration": WorkerResource(_zone_configuration, public=True),
        "provider/public/get_current_time": WorkerResource(_current_time, public=True),
        "providers": WorkerResource(_providers, administrators=True),
        "providers/*": WorkerResource(_provider),
        "clusters": WorkerResource(_clusters, administrators=True),
        "clusters/*": WorkerResource(_cluster),
        "user/effective_providers": WorkerResource(_providers),
        "user/effective_providers/*": WorkerResource(_provider),
        "user/effective_clusters": WorkerResource(_clusters),
        "user/effective_clusters/*": WorkerResource(_cluster),
    },
    Kind.ONEPROVIDER: {
        "health": WorkerResource(_health, public=True),
        "configuration": WorkerResource(_provider_configuration, public=True),
    },
}
