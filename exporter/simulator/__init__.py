"""A simulated Onezone on loopback, with real TLS and faults on demand: for `demo` and for the tests."""

from exporter.simulator.authority import Authority, Credential
from exporter.simulator.cluster import Cluster
from exporter.simulator.journal import Journal, Served
from exporter.simulator.pace import INSTANT, Pace
from exporter.simulator.troubles import Trouble
from exporter.simulator.zone import SimulatedZone

__all__ = [
    "INSTANT",
    "Authority",
    "Cluster",
    "Credential",
    "Journal",
    "Pace",
    "Served",
    "SimulatedZone",
    "Trouble",
]
