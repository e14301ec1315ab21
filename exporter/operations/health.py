"""`GET /health`: whether every Onepanel node of the cluster answers on its listeners.

It does not cover workers, cluster managers or databases: it stays 200 with the worker stopped. Known since
21.02.1; older versions answer 404, or 406, without a body. It asks every node and has no deadline of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from exporter.metrics import Metric, Scope
from exporter.operations.operation import Operation, ask
from exporter.operations.outcome import Facts, Outcome
from exporter.operations.responses import Response, cached, read_object, sanitize
from exporter.reasons import Failure, Reason

_NOT_ACCEPTABLE = 406


@dataclass(frozen=True, slots=True)
class Health(Facts):
    """The answer of a healthy Onepanel; an unhealthy one is a `Failure` (`unhealthy`)."""


@cached
def read(answer: Response) -> Health | Failure:
    """Return health for 200 `{"status": "healthy"}`; a 500 in Onepanel's own words is the lack of it."""
    if answer.status == _NOT_ACCEPTABLE and not answer.body:
        return Failure(Reason.NOT_FOUND, "HTTP 406 with an empty body: no such operation")
    body = read_object(answer)
    if isinstance(body, Failure):
        is_unhealthy = answer.status == 500 and body.from_onepanel
        return replace(body, reason=Reason.UNHEALTHY) if is_unhealthy else body
    status = body.get("status")
    if status == "healthy":
        return Health()
    if isinstance(status, str):
        return Failure(Reason.UNHEALTHY, sanitize(f"status {status!r}"), error_id="status")
    return Failure(Reason.INVALID_BODY, "no status in the answer")


def _healthy(outcome: Outcome) -> bool | None:
    if isinstance(outcome, Health):
        return True
    is_unhealthy = isinstance(outcome, Failure) and outcome.reason is Reason.UNHEALTHY
    return False if is_unhealthy else None


OPERATION: Operation[Health] = Operation(
    name="health",
    summary="whether every Onepanel node of the cluster answers",
    conversation=ask("/health", read),
    is_timed=True,
    metrics=(
        Metric(
            name="onedata_onepanel_healthy",
            help="Result of /health: 1 healthy, 0 not. Absent without a result.",
            scope=Scope.ROUTE,
            see=_healthy,
        ),
    ),
)
