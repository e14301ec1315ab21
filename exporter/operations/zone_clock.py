"""`GET https://ZONE/api/v3/onezone/provider/public/get_current_time`: the zone's clock; public.

Tokens and GraphSync need clocks that agree. Half of the time that the answer takes is the error of the reading.
"""

from __future__ import annotations

from dataclasses import dataclass

from exporter.metrics import Metric, Scope
from exporter.operations.operation import Cadence, Conversation, Known, Operation, Request, known, send
from exporter.operations.outcome import Facts
from exporter.operations.responses import Response, read_object
from exporter.reasons import Failure, Reason
from exporter.targets import AccessPath, Kind

# A reading whose error may be larger cannot be used to judge a clock.
_LARGEST_ERROR_SECONDS = 1.0
# From here on a difference is worth a finding: tokens and GraphSync fail at larger ones.
LARGEST_OFFSET_SECONDS = 2.0
_MS_PER_SECOND = 1000.0


@dataclass(frozen=True, slots=True)
class ZoneClock(Facts):
    """The zone's clock minus the exporter's, and the error of that (seconds); None if the error is above a second."""

    offset_seconds: float | None


def read(response: Response) -> ZoneClock | Failure:
    """Return the facts of a 200 answer, read against the middle of the exchange."""
    body = read_object(response)
    if isinstance(body, Failure):
        return body
    milliseconds = body.get("timeMillis")
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return Failure(Reason.INVALID_BODY, "no timeMillis in the answer")
    error_seconds = response.seconds / 2
    if error_seconds > _LARGEST_ERROR_SECONDS:
        return ZoneClock(None)
    return ZoneClock(milliseconds / _MS_PER_SECOND - (response.received_at - error_seconds))


def _conversation(_known: Known) -> Conversation[ZoneClock]:
    where = "/api/v3/onezone/provider/public/get_current_time"
    return (yield from send(Request(where, read, over=AccessPath.PROXY)))


OPERATION: Operation[ZoneClock] = Operation(
    name="zone_clock",
    summary="the zone's clock",
    conversation=_conversation,
    cadence=Cadence.DETAILS,
    applies=lambda known_before: known_before.kind is Kind.ONEZONE,
    metrics=(
        Metric(
            name="onedata_clock_offset_seconds",
            help="The zone's clock minus the exporter's. Absent if its error is above a second.",
            scope=Scope.TARGET,
            see=known(ZoneClock, lambda facts: facts.offset_seconds),
        ),
    ),
)
