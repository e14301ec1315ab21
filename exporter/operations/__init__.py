"""The list of all operations the exporter polls, in the order in which one connection asks them.

`configuration` goes first: it answers at once, where `health` may take long while a node is frozen,
so that the cluster's identity is known even then. Adding an operation is one file and one line here.
"""

from typing import Any

from exporter.operations import configuration, health
from exporter.operations.operation import Operation

OPERATIONS: tuple[Operation[Any], ...] = (
    configuration.OPERATION,
    health.OPERATION,
)
