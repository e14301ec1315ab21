"""`GET /node`: which node of the cluster answers; public. It is asked over every route on which Onepanel answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from exporter.metrics import Metric, Reading, Scope
from exporter.operations.operation import Cadence, Operation, ask, known
from exporter.operations.outcome import Facts
from exporter.operations.responses import Response, clean_text, read_object
from exporter.reasons import Failure, Reason


@dataclass(frozen=True, slots=True)
class NodeFacts(Facts):
    """The host name that a node gives itself."""

    hostname: str


def read(response: Response) -> NodeFacts | Failure:
    """Return the facts of a 200 answer."""
    body = read_object(response)
    if isinstance(body, Failure):
        return body
    hostname = clean_text(body.get("hostname"))
    return NodeFacts(hostname) if hostname else Failure(Reason.INVALID_BODY, "no hostname in the answer")


def _info(hostname: str) -> Iterator[Reading]:
    yield Reading((hostname,), 1)


OPERATION: Operation[NodeFacts] = Operation(
    name="node",
    summary="which node of the cluster answers",
    conversation=ask("/node", read),
    cadence=Cadence.DETAILS,
    on_every_route=True,
    metrics=(
        Metric(
            name="onedata_onepanel_node_info",
            help="Host name of the node that answers over this path; always 1.",
            scope=Scope.ROUTE,
            see=known(NodeFacts, lambda facts: facts.hostname),
            read=_info,
            labels=("hostname",),
        ),
    ),
)
