"""The addresses that the nodes of a simulated cluster listen on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from exporter.simulator.cluster import Cluster


@dataclass(frozen=True, slots=True)
class Placement:
    """The surroundings of a cluster.

    `addresses` are those of its nodes, in order; `aliases` are further addresses of every node. `names` are
    those of its certificates. `see` adds to the facts of the cluster what other clusters change of them.
    """

    addresses: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    see: Callable[[Cluster], Cluster] = lambda cluster: cluster
