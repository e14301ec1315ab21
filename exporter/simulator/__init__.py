"""A simulated Onedata cluster on loopback, with real TLS and faults on demand: for `demo` and for the tests."""

from exporter.simulator.authority import Authority, Credential
from exporter.simulator.cluster import Cluster, DnsCheck, Provider, WebCertificate
from exporter.simulator.faults import Fault
from exporter.simulator.host_state import HostState, Panel, PanelListener, Worker
from exporter.simulator.node import SimulatedNode
from exporter.simulator.request_log import RequestLog, Served
from exporter.simulator.timing import INSTANT, Timing
from exporter.simulator.users import User, UserStore
from exporter.simulator.zone import SimulatedZone

__all__ = [
    "INSTANT",
    "Authority",
    "Cluster",
    "Credential",
    "DnsCheck",
    "Fault",
    "HostState",
    "Panel",
    "PanelListener",
    "Provider",
    "RequestLog",
    "Served",
    "SimulatedNode",
    "SimulatedZone",
    "Timing",
    "User",
    "UserStore",
    "WebCertificate",
    "Worker",
]
