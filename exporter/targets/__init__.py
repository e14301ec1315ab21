"""What is monitored: a target (one Onedata cluster), its two access paths and its nodes.

Pure values, made by `exporter.settings` and read by all other rooms. All times are seconds.
"""

from __future__ import annotations

from exporter.targets.options import (
    SHARE_OF_INTERVAL,
    IpProtocol,
    Kind,
    Node,
    ReachableAddresses,
    Schedule,
    TlsOptions,
)
from exporter.targets.routes import AccessPath, Route, routes_to
from exporter.targets.target import Discovery, Target

__all__ = [
    "SHARE_OF_INTERVAL",
    "AccessPath",
    "Discovery",
    "IpProtocol",
    "Kind",
    "Node",
    "ReachableAddresses",
    "Route",
    "Schedule",
    "Target",
    "TlsOptions",
    "routes_to",
]
