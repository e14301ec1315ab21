"""What a metric reads: a target, one of its nodes or routes, or the exporter itself, at one moment.

A view holds the checkup only while it is fresh, so that no reader can show a leftover.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from exporter.diagnosis.checkup import Checkup
from exporter.discovery.membership import Membership
from exporter.discovery.zone_view import ZoneView
from exporter.observation import Connection
from exporter.settings.shards import Shard
from exporter.state.counters import RouteCounters
from exporter.state.store import Store
from exporter.state.target_state import TargetState
from exporter.targets import Route, Target


@dataclass(frozen=True, slots=True)
class TargetView:
    """One target. `checkup` is None before the first round, and if the last one is too old.

    `zone` has the providers of a zone with discovery, `membership` the place of a provider in its zone.
    """

    state: TargetState
    checkup: Checkup | None
    in_maintenance: bool = False
    zone: ZoneView | None = None
    membership: Membership = field(default_factory=Membership)

    @property
    def target(self) -> Target:
        """Return the target's configuration."""
        return self.state.target


@dataclass(frozen=True, slots=True)
class NodeView:
    """One node of a target; the empty node stands for a target without nodes."""

    of: TargetView
    node: str


@dataclass(frozen=True, slots=True)
class RouteView:
    """One route of a target. `connection` is that of the last round."""

    of: TargetView
    route: Route
    connection: Connection | None

    @property
    def counters(self) -> RouteCounters:
        """Return the counters of this route."""
        return self.of.state.counters_by_route[self.route]


@dataclass(frozen=True, slots=True)
class ExporterView:
    """The exporter itself, and its share of the targets.

    `reload_successful` and `reloaded_at` are of the last configuration load.
    """

    store: Store
    version: str
    revision: str
    python_version: str
    reload_successful: bool
    reloaded_at: float
    shard: Shard = field(default_factory=Shard)
