"""Simulated Onedata clusters on loopback, alone or as a federation, with faults on demand and real TLS."""

from exporter.simulator.authority import Authority, Credential
from exporter.simulator.cluster import Cluster, DnsCheck, Provider, WebCertificate
from exporter.simulator.faults import Fault
from exporter.simulator.federation import SITES, SimulatedFederation
from exporter.simulator.federation_faults import FederationFault
from exporter.simulator.host_state import HostState, Panel, PanelListener, Worker
from exporter.simulator.listener import TakenPortError
from exporter.simulator.membership import Site
from exporter.simulator.node import SimulatedNode
from exporter.simulator.registry import Registration
from exporter.simulator.request_log import RequestLog, Served
from exporter.simulator.timing import INSTANT, Timing
from exporter.simulator.users import User, UserStore
from exporter.simulator.worker_rest import json_answer
from exporter.simulator.zone import SimulatedZone

__all__ = [
    "INSTANT",
    "SITES",
    "Authority",
    "Cluster",
    "Credential",
    "DnsCheck",
    "Fault",
    "FederationFault",
    "HostState",
    "Panel",
    "PanelListener",
    "Provider",
    "Registration",
    "RequestLog",
    "Served",
    "SimulatedFederation",
    "SimulatedNode",
    "SimulatedZone",
    "Site",
    "TakenPortError",
    "Timing",
    "User",
    "UserStore",
    "WebCertificate",
    "Worker",
    "json_answer",
]
