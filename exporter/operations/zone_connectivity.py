"""`GET https://PROVIDER/nagios/oz_connectivity`: whether a Oneprovider is connected to its zone, by its own word.

The provider's worker answers on 443, always 200, since 2018.
"""

from __future__ import annotations

from dataclasses import dataclass

from exporter.metrics import Metric, Scope
from exporter.operations.operation import Cadence, Conversation, Known, Operation, Request, known, send
from exporter.operations.outcome import Facts
from exporter.operations.responses import Response, read_object
from exporter.reasons import Failure, Reason
from exporter.targets import AccessPath, Kind

_CONNECTED = {"ok": True, "error": False}


@dataclass(frozen=True, slots=True)
class ZoneConnectivity(Facts):
    """Whether the provider holds a connection to its zone."""

    connected: bool


def read(response: Response) -> ZoneConnectivity | Failure:
    """Return the facts of a 200 answer."""
    body = read_object(response)
    if isinstance(body, Failure):
        return body
    status = body.get("status")
    if not isinstance(status, str) or status not in _CONNECTED:
        return Failure(Reason.INVALID_BODY, "no status in the answer")
    return ZoneConnectivity(_CONNECTED[status])


def _conversation(_known: Known) -> Conversation[ZoneConnectivity]:
    return (yield from send(Request("/nagios/oz_connectivity", read, over=AccessPath.PROXY)))


OPERATION: Operation[ZoneConnectivity] = Operation(
    name="zone_connectivity",
    summary="whether a Oneprovider is connected to its zone, in its own view",
    conversation=_conversation,
    cadence=Cadence.DETAILS,
    applies=lambda known_before: known_before.kind is Kind.ONEPROVIDER,
    metrics=(
        Metric(
            name="onedata_provider_connected",
            help="1: the Oneprovider is connected to its zone, in its own view. 0: it is not.",
            scope=Scope.TARGET,
            see=known(ZoneConnectivity, lambda facts: facts.connected),
        ),
    ),
)
