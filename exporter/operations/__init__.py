"""The list of all operations the exporter polls, in the order in which one connection asks them.

`configuration` goes first: it answers at once, where `health` may take long while a node is frozen, so that
the cluster's identity is known even then. Managers and databases go before workers for a like reason: a
frozen host is detected there without the long timeout that a worker needs. The worker's report goes last: a
worker that is silent may use up what is left of the time. Adding an operation is one file and one line here.
"""

from functools import cache

from exporter.operations import (
    component_status,
    configuration,
    dns_check,
    emergency_passphrase,
    health,
    node,
    port_80,
    users,
    web_certificate,
    worker_configuration,
    worker_health,
    worker_report,
    zone_clock,
    zone_connectivity,
)
from exporter.operations.operation import Operation
from exporter.operations.outcome import Facts
from exporter.targets import Target

OPERATIONS: tuple[Operation[Facts], ...] = (
    configuration.OPERATION,
    health.OPERATION,
    component_status.MANAGERS,
    component_status.DATABASES,
    component_status.WORKERS,
    web_certificate.OPERATION,
    dns_check.OPERATION,
    port_80.OPERATION,
    users.OPERATION,
    node.OPERATION,
    emergency_passphrase.OPERATION,
    worker_health.OPERATION,
    worker_configuration.OPERATION,
    zone_connectivity.OPERATION,
    zone_clock.OPERATION,
    worker_report.OPERATION,
)

TIMED_OPERATIONS = tuple(operation.name for operation in OPERATIONS if operation.is_timed)


def applicable(target: Target) -> tuple[Operation[Facts], ...]:
    """Return the operations that apply to a target by its configuration."""
    return _applicable(target.left_out, can_authenticate=bool(target.auth))


@cache
def _applicable(left_out: frozenset[str], *, can_authenticate: bool) -> tuple[Operation[Facts], ...]:
    return tuple(
        operation
        for operation in OPERATIONS
        if operation.name not in left_out and (can_authenticate or not operation.needs_credentials)
    )
