"""`GET /health`: whether every Onepanel node of the cluster answers on its listeners.

It says nothing of workers, cluster managers or databases: it stays 200 with the worker stopped.
Known since 21.02.1; older versions answer 404. It asks every node and has no deadline of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from exporter.metrics import Metric, Scope
from exporter.operations.operation import Operation, ask
from exporter.operations.responses import Response, cached, read_object, sanitize
from exporter.reasons import Failure, Reason


@dataclass(frozen=True, slots=True)
class Health:
    """Onepanel said that it is healthy; that it is not is a `Failure` (`unhealthy`)."""


@cached
def read(answer: Response) -> Health | Failure:
    """200 `{"status": "healthy"}` is health; a 500 in Onepanel's own words is the lack of it."""
    body = read_object(answer)
    if isinstance(body, Failure):
        says_unhealthy = answer.status == 500 and body.from_onepanel
        return replace(body, reason=Reason.UNHEALTHY) if says_unhealthy else body
    status = body.get("status")
    if status == "healthy":
        return Health()
    if isinstance(status, str):
        return Failure(Reason.UNHEALTHY, sanitize(f"status {status!r}"), error_id="status")
    return Failure(Reason.INVALID_BODY, "no status in the answer")


def _healthy(outcome: Health | Failure) -> bool | None:
    if isinstance(outcome, Health):
        return True
    return False if outcome.reason is Reason.UNHEALTHY else None


OPERATION: Operation[Health] = Operation(
    name="health",
    summary="whether every Onepanel node of the cluster answers",
    conversation=ask("/health", read),
    metrics=(
        Metric(
            name="onedata_onepanel_healthy",
            help="What /health said: 1 healthy, 0 not. Absent when it said nothing.",
            scope=Scope.ROUTE,
            see=_healthy,
        ),
    ),
)
