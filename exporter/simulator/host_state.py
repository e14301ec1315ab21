"""The state of one host of a simulated cluster: its Onepanel, its worker, and their reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType

COMPONENTS = ("workers", "managers", "databases")
_NOTHING: Mapping[str, str] = MappingProxyType({})
_STOPPED = "stopped"


class Panel(Enum):
    """The Onepanel process of a host, as the other hosts of the cluster find it."""

    RUNNING = "running"
    STOPPED = "stopped"
    FROZEN = "frozen"


class PanelListener(Enum):
    """What `/health` finds of a host whose Onepanel runs."""

    WELL = "well"
    FAILING = "failing"
    HANGING = "hanging"


class Worker(Enum):
    """The worker of a host."""

    RUNNING = "running"
    STOPPED = "stopped"
    MISSING = "missing"
    HANGING = "hanging"
    FROZEN = "frozen"  # the kernel accepts connections, the process does not
    LISTENER_CLOSED = "listener_closed"  # it runs, and does not listen on 443
    FAILING = "failing"  # it answers its report with an error, as without a cluster manager


ABSENT_WORKERS = frozenset({Worker.STOPPED, Worker.MISSING})
SILENT_WORKERS = frozenset({Worker.HANGING, Worker.FROZEN})
CLOSED_WORKERS = ABSENT_WORKERS | {Worker.LISTENER_CLOSED}


@dataclass(frozen=True, slots=True)
class HostState:
    """The state of a healthy host by default.

    `words` are statuses instead of the true ones, by the component's name in URLs
    (`workers`, `managers`, `databases`); `modules` the statuses of the worker's modules that are not
    `ok`. Both may hold anything, hostile text included. A `forgotten` host left the Onepanel cluster,
    while the components are still listed on it. `executor_stuck` is the process of its Onepanel that runs
    the checks of components and of the certificate.
    """

    panel: Panel = Panel.RUNNING
    listener: PanelListener = PanelListener.WELL
    worker: Worker = Worker.RUNNING
    forgotten: bool = False
    executor_stuck: bool = False
    words: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    modules: Mapping[str, str] = field(default_factory=lambda: _NOTHING)

    def status(self, component: str) -> str:
        """Return the status of a component on this host."""
        word = self.words.get(component)
        return word if word is not None else self._true_status(component)

    @property
    def all_healthy(self) -> bool:
        """Whether every component of this host is healthy."""
        return all(self.status(component) == "healthy" for component in COMPONENTS)

    def switched(self, component: str, *, started: bool) -> HostState:
        """Return the state after Onepanel started or stopped a component."""
        words = {name: word for name, word in self.words.items() if (name, word) != (component, _STOPPED)}
        if component != "workers":
            return replace(self, words=words if started else {**words, component: _STOPPED})
        before, after = (Worker.STOPPED, Worker.RUNNING) if started else (Worker.RUNNING, Worker.STOPPED)
        return replace(self, words=words, worker=after if self.worker is before else self.worker)

    def _true_status(self, component: str) -> str:
        if component != "workers":
            return "healthy"
        if self.worker in ABSENT_WORKERS:
            return self.worker.value
        return "healthy" if self.worker is Worker.RUNNING and not self.modules else "unhealthy"


WELL = HostState()
