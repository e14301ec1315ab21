"""A simulated Onedata cluster on loopback, with real TLS and faults on demand: for `demo` and for the tests."""

from exporter.simulator.authority import Authority, Credential
from exporter.simulator.cluster import Cluster, DnsCheck, Provider, WebCertificate
from exporter.simulator.condition import Condition, Panel, PanelListener, Worker
from exporter.simulator.journal import Journal, Served
from exporter.simulator.node import SimulatedNode
from exporter.simulator.pace import INSTANT, Pace
from exporter.simulator.troubles import Trouble
from exporter.simulator.users import User, UserStore
from exporter.simulator.zone import SimulatedZone

__all__ = [
    "INSTANT",
    "Authority",
    "Cluster",
    "Condition",
    "Credential",
    "DnsCheck",
    "Journal",
    "Pace",
    "Panel",
    "PanelListener",
    "Provider",
    "Served",
    "SimulatedNode",
    "SimulatedZone",
    "Trouble",
    "User",
    "UserStore",
    "WebCertificate",
    "Worker",
]
