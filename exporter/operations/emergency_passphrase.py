"""`GET /emergency_passphrase`: whether the emergency passphrase is set; public.

While it is not set, any client that reaches Onepanel may set it.
"""

from __future__ import annotations

from dataclasses import dataclass

from exporter.metrics import Metric, Scope
from exporter.operations.operation import Cadence, Operation, ask, known
from exporter.operations.outcome import Facts
from exporter.operations.responses import Response, read_object
from exporter.reasons import Failure, Reason


@dataclass(frozen=True, slots=True)
class EmergencyPassphrase(Facts):
    """Whether the passphrase is set."""

    is_set: bool


def read(response: Response) -> EmergencyPassphrase | Failure:
    """Return the facts of a 200 answer."""
    body = read_object(response)
    if isinstance(body, Failure):
        return body
    is_set = body.get("isSet")
    return (
        EmergencyPassphrase(is_set)
        if isinstance(is_set, bool)
        else Failure(Reason.INVALID_BODY, "no isSet in the answer")
    )


OPERATION: Operation[EmergencyPassphrase] = Operation(
    name="emergency_passphrase",
    summary="whether the emergency passphrase is set",
    conversation=ask("/emergency_passphrase", read),
    cadence=Cadence.DETAILS,
    metrics=(
        Metric(
            name="onedata_emergency_passphrase_set",
            help="1: the emergency passphrase is set. 0: any client that reaches Onepanel may set it.",
            scope=Scope.TARGET,
            see=known(EmergencyPassphrase, lambda facts: facts.is_set),
        ),
    ),
)
