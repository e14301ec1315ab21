"""No operation can ask without end: each route is tried once for each credential, and a conversation has a limit."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from exporter.client.client import Client
from exporter.client.conversation import MOST_REQUESTS
from exporter.client.routes_seen import OpenRoutes, RoutesSeen
from exporter.credentials import Auth, Secret
from exporter.observation import Details
from exporter.operations import OPERATIONS
from exporter.operations.operation import Cadence, Conversation, Known, Operation, Request, send
from exporter.operations.outcome import NotLearnt
from exporter.operations.port_80 import Port80, read
from exporter.reasons import Failure, Reason
from exporter.targets import AccessPath, Kind, Node, Target
from tests.support.polling import target_at
from tests.support.servers import LOOPBACK, Script, ScriptedServer, answering, closed_port, http
from tests.trust.hostile import reset_after

_SECONDS = 20.0
_NODES = (Node("a", LOOPBACK), Node("b", LOOPBACK))
_AUTH = Auth(Secret("token"), Secret("passphrase"))
_BUSY = http(b'{"error":{"id":"internalServerError"}}', status="500 Internal Server Error")
_REFUSING = http(b'{"error":{"id":"unauthorized"}}', status="401 Unauthorized")
# None: nothing listens.
SERVERS: dict[str, Script | None] = {
    "closed": None,
    "resetting": reset_after(b""),
    "failing": answering(_BUSY),
    "refusing": answering(_REFUSING),
}
REQUESTS = [
    Request("/x", read, credentials=credentials, over=over, elsewhere=elsewhere, relayed=relayed)
    for over, credentials, elsewhere, relayed in itertools.product(
        (None, *AccessPath), (False, True), (False, True), (False, True)
    )
]


def asking(request: Request[Port80], times: int = 1) -> Operation[Port80]:
    """An operation that sends a request so many times."""

    def conversation(_known: Known) -> Conversation[Port80]:
        reply: Port80 | Failure | NotLearnt = NotLearnt("not asked")
        for _ in range(times):
            reply = yield from send(request)
        return reply

    return Operation("made_up", "", conversation, cadence=Cadence.DETAILS)


@asynccontextmanager
async def target_with(script: Script | None) -> AsyncIterator[Target]:
    """A target of two nodes, whose paths lead to such a server over plain HTTP, with both kinds of credentials."""
    async with ScriptedServer(script or reset_after(b"")) as server:
        port = server.port if script else closed_port()
        plain = f"http://{LOOPBACK}:{port}"
        yield replace(target_at(plain), nodes=_NODES, auth=_AUTH)


async def details_of(target: Target, *operations: Operation[Port80]) -> tuple[Details, list[Exception]]:
    """One round of details over all routes, as if Onepanel had just answered over each."""
    bugs: list[Exception] = []
    client = Client(lambda _where, error: bugs.append(error))
    known = Known(Kind.ONEZONE, deployed=True)
    try:
        found = await client.poll_details(
            target,
            operations or OPERATIONS,
            known,
            RoutesSeen(target.routes, target.routes),
            seconds=_SECONDS,
        )
    finally:
        await client.close()
    return found, bugs


def most_of_one_route(details: Details) -> int:
    """How often an operation was asked over one route at most."""
    return max(
        (
            count
            for seen in details.observations
            for count in Counter(each.route for each in seen.exchanges).values()
        ),
        default=0,
    )


@pytest.mark.parametrize("script", SERVERS.values(), ids=SERVERS)
async def test_whatever_a_request_may_be_like_each_route_is_tried_once_with_each_credential(
    script: Script | None,
) -> None:
    async with target_with(script) as target:
        for request in REQUESTS:
            details, bugs = await details_of(target, asking(request))
            assert not bugs
            assert most_of_one_route(details) <= (2 if request.credentials else 1), request


async def test_the_operations_against_a_closed_port_are_a_bounded_number_of_requests() -> None:
    async with target_with(None) as target:
        details, bugs = await details_of(target)
    assert not bugs
    # What needs credentials asks over no route that was found closed before; the others ask once or twice.
    assert sum(len(seen.exchanges) for seen in details.observations) <= 2 * len(OPERATIONS)
    assert details.observations


@pytest.mark.parametrize("request_", REQUESTS)
def test_no_request_can_yield_a_route_twice_however_the_order_of_routes_changes(
    request_: Request[Port80],
) -> None:
    target = replace(target_at(f"http://{LOOPBACK}:1"), nodes=_NODES)

    routes = OpenRoutes(RoutesSeen(target.routes, target.routes))
    yielded = []
    for route in itertools.islice(routes.candidates(request_), 100):
        yielded.append(route)
        routes.up.reverse()
    assert len(yielded) == len(set(yielded)) <= len(target.routes)


async def test_a_conversation_without_end_is_a_bug_and_ends_at_its_limit() -> None:
    endless = asking(Request("/x", read, credentials=True, over=AccessPath.PROXY), times=1000 * MOST_REQUESTS)
    async with target_with(None) as target:
        details, bugs = await details_of(target, endless)
    assert [str(each) for each in bugs] == ["the operation made_up asks without end"]
    (seen,) = details.observations
    assert isinstance(seen.outcome, Failure)
    assert seen.outcome.reason is Reason.INTERNAL
    assert len(seen.exchanges) <= len(target.routes) + 1
