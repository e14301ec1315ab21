"""The simulated Onepanel: the order in which it judges a request, and the table of what it knows.

A further operation is a line in one of the tables of `exporter.simulator.resources`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from exporter.simulator.cluster import Cluster
from exporter.simulator.credentials import Caller, authenticate
from exporter.simulator.errors import (
    FAILURES,
    FORBIDDEN,
    INTERNAL_ERROR,
    MALFORMED,
    SERVICE_UNAVAILABLE,
    UNAUTHORIZED,
    empty_reply,
)
from exporter.simulator.messages import JSON, Reply, Request

API_ROOT = "/api/v3/onepanel/"
SERVICE = "SERVICE"
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Resource:
    """What stands behind one URL. `answer` is asked last, when the request may be answered.

    `argument` in its call is the last segment of the URL, for the URLs that end in `/*`. `members` are
    the methods that every member of the cluster may use, the others are for administrators.
    What `reads_database` or `needs_worker` fails without the database of Onepanel.
    """

    answer: Callable[[Request, Cluster, str], Reply]
    methods: tuple[str, ...] = ("GET",)
    content_types: tuple[str, ...] = (JSON,)
    public: bool = False
    members: tuple[str, ...] = ("GET",)
    needs_worker: bool = False
    reads_database: bool = False
    known: Callable[[Cluster], bool] = lambda _cluster: True


# By URL. `SERVICE` stands for what the kind of cluster is called in URLs: `zone` or `provider`.
Resources = Mapping[str, Resource]


def answer(request: Request, cluster: Cluster, resources: Resources) -> Reply:
    """What Onepanel says. Pure: the same request meets the same answer while the cluster stays the same."""
    resource, argument = _find(request.path, cluster, resources)
    if resource is None:
        return empty_reply(404)
    if request.method not in _METHODS:
        return empty_reply(500)  # HEAD, too: the real handler crashes on it
    if cluster.failing_with:
        return FAILURES[cluster.failing_with]
    if cluster.breaker_open or (resource.needs_worker and not cluster.worker_serves):
        # Whoever shows wrong credentials is told so first, unless the breaker is open.
        failure_of = None if cluster.breaker_open else authenticate(request, cluster)
        return failure_of if isinstance(failure_of, Reply) else SERVICE_UNAVAILABLE
    return _refuse(request, cluster, resource) or resource.answer(request, cluster, argument)


def _find(path: str, cluster: Cluster, resources: Resources) -> tuple[Resource | None, str]:
    if not path.startswith(API_ROOT):
        return None, ""
    name = path.removeprefix(API_ROOT).removesuffix("/")
    if name.startswith(f"{cluster.service}/"):
        name = SERVICE + name.removeprefix(cluster.service)
    parent, _slash, argument = name.rpartition("/")
    for key, found in ((name, ""), (f"{parent}/*", unquote(argument))):
        resource = resources.get(key)
        if resource is not None and resource.known(cluster):
            return resource, found
    return None, ""


def _refuse(request: Request, cluster: Cluster, resource: Resource) -> Reply | None:
    """Why the request is not answered, or None; in the order in which the real server looks."""
    if request.method == "OPTIONS":
        return empty_reply(200)
    if request.method not in resource.methods:
        return empty_reply(405, ("allow", ", ".join(("OPTIONS", *resource.methods))))
    if request.body and not _is_json(request.body):
        return MALFORMED
    return _refuse_caller(request, cluster, resource) or _refuse_accept(
        request.headers.get("accept", "*/*"), resource.content_types
    )


def _refuse_caller(request: Request, cluster: Cluster, resource: Resource) -> Reply | None:
    caller = authenticate(request, cluster)
    if isinstance(caller, Reply):
        return caller
    if cluster.database_down and (resource.reads_database or resource.needs_worker):
        return INTERNAL_ERROR
    if caller is Caller.NOBODY and not resource.public:
        return UNAUTHORIZED
    return FORBIDDEN if caller is Caller.MEMBER and request.method not in resource.members else None


def _refuse_accept(accept: str, offered: tuple[str, ...]) -> Reply | None:
    ranges = [part.partition(";")[0].strip() for part in accept.split(",")]
    if not all(one.count("/") == 1 for one in ranges):
        return empty_reply(400)
    acceptable = {"*/*", *offered, *(f"{kind.partition('/')[0]}/*" for kind in offered)}
    return None if acceptable.intersection(ranges) else empty_reply(406)


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True
