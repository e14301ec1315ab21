"""The ports of a simulated cluster: the same on all its nodes, each of which has an address of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from exporter.simulator.listener import TakenPortError
from exporter.simulator.node import SimulatedNode
from exporter.targets import AccessPath

_ATTEMPTS = 5


async def reserve(
    nodes: Collection[SimulatedNode], wanted: Mapping[AccessPath, int]
) -> dict[AccessPath, int]:
    """Take the ports on all nodes and return them; 0 is any free one.

    A port that is free on one node may be taken on another: other ones are tried a few times.

    Raises:
        TakenPortError: a port is taken.
    """
    for attempts_left in reversed(range(_ATTEMPTS)):
        ports = dict(wanted)
        try:
            for node in nodes:
                node.reserve(ports[AccessPath.PROXY], ports[AccessPath.DIRECT])
                ports.update(node.ports)
        except TakenPortError:
            if all(wanted.values()) or not attempts_left:
                raise
            for node in nodes:
                await node.stop()
        else:
            break
    return ports
