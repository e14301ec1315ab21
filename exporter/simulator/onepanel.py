"""The simulated Onepanel: the order in which it judges a request, and the table of what it knows.

A further operation is a line in one of the tables of `exporter.simulator.resources`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from exporter.simulator.bodies import ANY_BODY, BodySchema, refuse_body
from exporter.simulator.cluster import Cluster
from exporter.simulator.credentials import Caller, authenticate
from exporter.simulator.errors import (
    FAILURES,
    FORBIDDEN,
    INTERNAL_ERROR,
    SERVICE_UNAVAILABLE,
    UNAUTHORIZED,
    empty_reply,
)
from exporter.simulator.messages import JSON, Reply, Request

API_ROOT = "/api/v3/onepanel/"
SERVICE = "SERVICE"
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_CRASHED = Reply(500)  # HEAD, too: the real handler crashes on it
_UNKNOWN_ALLOW = ("allow", "HEAD, GET, OPTIONS")


@dataclass(frozen=True, slots=True)
class Resource:
    """What stands behind one URL. `answer` is called last, if the request may be answered.

    `argument` in its call is the last segment of the URL, for the URLs that end in `/*`. `members` are
    the methods that every member of the cluster may use, the others are for administrators.
    `bodies` are the bodies by method, `find` returns the error of an argument that does not exist.
    Operations with `reads_database` or `needs_worker` fail without the database of Onepanel.
    """

    answer: Callable[[Request, Cluster, str], Reply]
    methods: tuple[str, ...] = ("GET",)
    content_types: tuple[str, ...] = (JSON,)
    public: bool = False
    members: tuple[str, ...] = ("GET",)
    bodies: Mapping[str, BodySchema] = field(default_factory=dict)
    find: Callable[[Cluster, str], Reply | None] = lambda _cluster, _argument: None
    needs_worker: bool = False
    reads_database: bool = False
    known: Callable[[Cluster], bool] = lambda _cluster: True


# By URL. `SERVICE` stands for what the kind of cluster is called in URLs: `zone` or `provider`.
Resources = Mapping[str, Resource]


def answer(request: Request, cluster: Cluster, resources: Resources) -> Reply:
    """Return the answer of Onepanel. Pure: it depends on the request and the cluster only."""
    resource, argument = _find(request.path, cluster, resources)
    if resource is None:
        return _answer_unknown(request)
    if request.method not in _METHODS:
        return _CRASHED
    if cluster.failing_with or cluster.breaker_open:
        return FAILURES.get(cluster.failing_with, SERVICE_UNAVAILABLE)
    if request.method == "OPTIONS":
        return empty_reply(200, _allow(resource))
    if request.method not in resource.methods:
        return empty_reply(405, _allow(resource))
    return _refuse(request, cluster, resource, argument) or resource.answer(request, cluster, argument)


def needs_worker(request: Request, cluster: Cluster, resources: Resources) -> bool:
    """Return whether Onepanel passes a request on to a worker of the cluster."""
    resource, _argument = _find(request.path, cluster, resources)
    return resource is not None and resource.needs_worker


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


def _answer_unknown(request: Request) -> Reply:
    """Return the answer of the web interface's catch-all, which serves pages only."""
    if request.method not in _METHODS:
        return _CRASHED
    if request.method == "OPTIONS":
        return empty_reply(200, _UNKNOWN_ALLOW)
    if request.method != "GET":
        return empty_reply(405, _UNKNOWN_ALLOW)
    return _refuse_accept(request.headers.get("accept", "*/*"), ("text/html",)) or empty_reply(404)


def _refuse(request: Request, cluster: Cluster, resource: Resource, argument: str) -> Reply | None:
    """Return why a request is not answered, or None; in the order of the real server."""
    caller = authenticate(request, cluster)
    if isinstance(caller, Reply):
        return caller
    return (
        refuse_body(request, resource.bodies.get(request.method, ANY_BODY))
        or _refuse_cluster(cluster, resource)
        or resource.find(cluster, argument)
        or _refuse_caller(caller, request, resource)
        or _refuse_accept(request.headers.get("accept", "*/*"), resource.content_types)
    )


def _refuse_cluster(cluster: Cluster, resource: Resource) -> Reply | None:
    if cluster.database_down and (resource.reads_database or resource.needs_worker):
        return INTERNAL_ERROR
    return SERVICE_UNAVAILABLE if resource.needs_worker and not cluster.service_healthy else None


def _refuse_caller(caller: Caller, request: Request, resource: Resource) -> Reply | None:
    if caller is Caller.ANONYMOUS and not resource.public:
        return UNAUTHORIZED
    return FORBIDDEN if caller is Caller.MEMBER and request.method not in resource.members else None


def _refuse_accept(accept: str, offered: tuple[str, ...]) -> Reply | None:
    ranges = [part.partition(";")[0].strip() for part in accept.split(",")]
    if not all(one.count("/") == 1 for one in ranges):
        return empty_reply(400)
    acceptable = {"*/*", *offered, *(f"{kind.partition('/')[0]}/*" for kind in offered)}
    return None if acceptable.intersection(ranges) else empty_reply(406)


def _allow(resource: Resource) -> tuple[str, str]:
    return ("allow", ", ".join(("OPTIONS", *resource.methods)))
