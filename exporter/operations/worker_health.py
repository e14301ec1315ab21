"""`GET https://DOMAIN/api/v3/{onezone,oneprovider}/health`: the worker's own health, in its own words; public.

The worker answers on 443, since 21.02.1; older ones answer 404. Onepanel is not asked.
"""

from __future__ import annotations

from exporter.metrics import Metric, Scope
from exporter.operations import health
from exporter.operations.health import Health
from exporter.operations.operation import (
    Cadence,
    Conversation,
    Known,
    Operation,
    Request,
    kind_is_known,
    send,
)
from exporter.operations.outcome import Outcome
from exporter.reasons import Failure, Reason
from exporter.targets import AccessPath


def _conversation(known: Known) -> Conversation[Health]:
    request = Request(f"{known.worker_api}/health", health.read, over=AccessPath.PROXY)
    return (yield from send(request))


def _healthy(outcome: Outcome) -> bool | None:
    if isinstance(outcome, Health):
        return True
    is_unhealthy = isinstance(outcome, Failure) and outcome.reason is Reason.UNHEALTHY
    return False if is_unhealthy else None


OPERATION: Operation[Health] = Operation(
    name="worker_health",
    summary="the worker's own health",
    conversation=_conversation,
    cadence=Cadence.DETAILS,
    applies=kind_is_known,
    metrics=(
        Metric(
            name="onedata_worker_healthy",
            help="The worker's own public /health: 1 healthy, 0 not. Absent without an answer.",
            scope=Scope.TARGET,
            see=_healthy,
        ),
    ),
)
