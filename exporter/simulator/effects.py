"""How each fault is brought about: what it changes of a node's ports and host state, and of the cluster's facts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeVar

from exporter.simulator import delivery
from exporter.simulator.authority import Credential
from exporter.simulator.behaviour import Behaviour, Listening
from exporter.simulator.cluster import Cluster
from exporter.simulator.faults import Fault
from exporter.simulator.host_state import CLOSED_WORKERS, HostState, Panel, PanelListener, Worker
from exporter.simulator.messages import Reply

Changes = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Effect:
    """Changes by field name: of 443, of 9443, of 9443 as seen from outside, of the host, and of the cluster.

    `neighbour` is the state of one more host that the cluster then has.
    """

    proxy: Changes = field(default_factory=dict)
    panel: Changes = field(default_factory=dict)
    outside: Changes = field(default_factory=dict)
    host_state: Changes = field(default_factory=dict)
    cluster: Changes = field(default_factory=dict)
    neighbour: HostState | None = None


class Behaviours(NamedTuple):
    """How the ports of a node behave. `inside` is 9443 as the worker sees it."""

    proxy: Behaviour
    outside: Behaviour
    inside: Behaviour


def _html(status: int, title: str, *headers: tuple[str, str]) -> Reply:
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return Reply(status, page.encode(), "text/html", (("server", "nginx"), *headers))


def _as_html(reply: Reply) -> Reply:
    return replace(reply, content_type="text/html")


def _garbled(reply: Reply) -> Reply:
    return replace(reply, body=reply.body[:-1])


_CLOSED: Changes = {"listening": Listening.CLOSED}

EFFECTS: Mapping[Fault, Effect] = {
    Fault.WORKER_SILENT: Effect(host_state={"worker": Worker.HANGING}),
    Fault.PANEL_SILENT: Effect(host_state={"listener": PanelListener.HANGING}),
    Fault.PANEL_FROZEN: Effect(host_state={"panel": Panel.FROZEN}),
    Fault.HOST_FROZEN: Effect(host_state={"panel": Panel.FROZEN, "worker": Worker.FROZEN}),
    Fault.WORKER_STOPPED: Effect(host_state={"worker": Worker.STOPPED}),
    Fault.PANEL_STOPPED: Effect(host_state={"panel": Panel.STOPPED}),
    Fault.HOST_DOWN: Effect(host_state={"panel": Panel.STOPPED, "worker": Worker.STOPPED}),
    Fault.NEIGHBOUR_STOPPED: Effect(neighbour=HostState(panel=Panel.STOPPED, worker=Worker.STOPPED)),
    Fault.NEIGHBOUR_FROZEN: Effect(neighbour=HostState(panel=Panel.FROZEN, worker=Worker.FROZEN)),
    Fault.DIRECT_CLOSED: Effect(outside=_CLOSED),
    Fault.LISTENER_FAILING: Effect(host_state={"listener": PanelListener.FAILING}),
    Fault.EXECUTOR_STUCK: Effect(host_state={"executor_stuck": True}),
    Fault.BREAKER_OPEN: Effect(cluster={"breaker_open": True}),
    Fault.DATABASE_DOWN: Effect(cluster={"database_down": True}),
    Fault.TABLE_LOCKED: Effect(cluster={"table_locked": True}),
    Fault.TEMPORARY_FAILURE: Effect(cluster={"failing_with": "temporaryFailure"}),
    Fault.INTERNAL_TIMEOUT: Effect(cluster={"failing_with": "timeout"}),
    Fault.NO_CONNECTION_TO_ONEZONE: Effect(cluster={"failing_with": "noConnectionToOnezone"}),
    Fault.UNREGISTERED_ONEPROVIDER: Effect(cluster={"failing_with": "unregisteredOneprovider"}),
    Fault.LIMIT_REACHED: Effect(cluster={"failing_with": "limitReached"}),
    Fault.OLD_VERSION: Effect(cluster={"version": "20.02.19"}),
    Fault.NOT_DEPLOYED: Effect(cluster={"deployed": False}),
    Fault.LATENCY: Effect(panel={"slow": True}),
    Fault.ELSEWHERE: Effect(proxy={"elsewhere": True}),
    Fault.FOREIGN_PROXY: Effect(proxy={"instead": _html(502, "502 Bad Gateway")}),
    Fault.PROXY_NOT_FOUND: Effect(proxy={"instead": Reply(404)}),
    Fault.PROXY_LOGIN: Effect(
        proxy={"instead": _html(401, "401 Authorization Required", ("www-authenticate", 'Basic realm="x"'))}
    ),
    Fault.PROXY_REDIRECT: Effect(
        proxy={"instead": _html(302, "302 Found", ("location", "https://elsewhere.example/"))}
    ),
    Fault.DIRECT_FOREIGN: Effect(outside={"instead": _html(200, "Welcome")}),
    Fault.PROXY_CERTIFICATE_ENDING: Effect(proxy={"certificate": Credential.ENDING}),
    Fault.PROXY_CERTIFICATE_EXPIRED: Effect(proxy={"certificate": Credential.EXPIRED}),
    Fault.PROXY_CERTIFICATE_NOT_YET_VALID: Effect(proxy={"certificate": Credential.NOT_YET_VALID}),
    Fault.PROXY_CERTIFICATE_OTHER_NAME: Effect(proxy={"certificate": Credential.OTHER_NAME}),
    Fault.PROXY_CERTIFICATE_UNTRUSTED: Effect(proxy={"certificate": Credential.UNTRUSTED}),
    Fault.PROXY_ISSUER_EXPIRED: Effect(proxy={"certificate": Credential.ISSUER_EXPIRED}),
    Fault.PROXY_CHAIN_INCOMPLETE: Effect(proxy={"certificate": Credential.INCOMPLETE}),
    Fault.PROXY_CERTIFICATES_DIFFER: Effect(proxy={"in_turn": Credential.RENEWED}),
    Fault.CERTIFICATE_RENEWED: Effect(
        proxy={"certificate": Credential.RENEWED}, panel={"certificate": Credential.RENEWED}
    ),
    Fault.DIRECT_CERTIFICATE_EXPIRED: Effect(panel={"certificate": Credential.EXPIRED}),
    Fault.DIRECT_CERTIFICATE_NOT_YET_VALID: Effect(panel={"certificate": Credential.NOT_YET_VALID}),
    Fault.DIRECT_CERTIFICATE_OTHER_NAME: Effect(panel={"certificate": Credential.OTHER_NAME}),
    Fault.DIRECT_CERTIFICATE_UNTRUSTED: Effect(panel={"certificate": Credential.UNTRUSTED}),
    Fault.PROXY_PLAIN_HTTP: Effect(proxy={"plain": True}),
    Fault.PROXY_WRONG_TYPE: Effect(proxy={"distort": _as_html}),
    Fault.PROXY_INVALID_JSON: Effect(proxy={"distort": _garbled}),
    Fault.PROXY_NOT_HTTP: Effect(proxy={"deliver": delivery.not_http}),
    Fault.PROXY_ENDLESS: Effect(proxy={"deliver": delivery.endless}),
    Fault.PROXY_TRUNCATED: Effect(proxy={"deliver": delivery.truncated}),
    Fault.PROXY_RESET: Effect(proxy={"deliver": delivery.reset}),
    Fault.PROXY_LOSSY: Effect(proxy={"lossy": True}),
    Fault.DIRECT_LOSSY: Effect(outside={"lossy": True}),
    Fault.PROXY_DRIP: Effect(proxy={"deliver": delivery.drip}),
}


# The effect of a failed process on its port, which precedes all other faults of the port.
_WORKER_PORT: Mapping[Worker, Changes] = {
    **dict.fromkeys(CLOSED_WORKERS, _CLOSED),
    Worker.HANGING: {"silent": True},
    Worker.FROZEN: {"listening": Listening.FROZEN},
}
_PANEL_PORT: Mapping[Panel | PanelListener, Changes] = {
    PanelListener.HANGING: {"silent": True},
    Panel.FROZEN: {"listening": Listening.FROZEN},
    Panel.STOPPED: _CLOSED,
}


def cluster_under(faults: Collection[Fault], cluster: Cluster) -> Cluster:
    """Return the facts of a cluster under the faults of all its nodes.

    If two faults change the same field, here and below, the later one in `EFFECTS` wins.
    """
    active = _active(faults)
    neighbours = {
        f"neighbour{number}.{cluster.own_domain}": effect.neighbour
        for number, effect in enumerate(active)
        if effect.neighbour is not None
    }
    with_neighbours: Changes = {
        "hosts": (*cluster.hosts, *neighbours),
        "host_states": {**cluster.host_states, **neighbours},
    }
    return _change(cluster, [with_neighbours, *(effect.cluster for effect in active)])


def host_state_under(faults: Collection[Fault], host_state: HostState) -> HostState:
    """Return the state of a node under its own faults."""
    return _change(host_state, (effect.host_state for effect in _active(faults)))


def behaviours_under(faults: Collection[Fault], host_state: HostState) -> Behaviours:
    """Return how a node's ports behave in a host state and under its faults."""
    active = _active(faults)
    by_worker = _WORKER_PORT.get(host_state.worker, {})
    by_panel = [_PANEL_PORT.get(host_state.listener, {}), _PANEL_PORT.get(host_state.panel, {})]
    panel = [effect.panel for effect in active]
    return Behaviours(
        proxy=_change(Behaviour(), [*(effect.proxy for effect in active), by_worker]),
        outside=_change(Behaviour(), [*panel, *(effect.outside for effect in active), *by_panel]),
        inside=_change(Behaviour(), [*panel, *by_panel]),
    )


def _active(faults: Collection[Fault]) -> list[Effect]:
    return [effect for fault, effect in EFFECTS.items() if fault in faults]


_Value = TypeVar("_Value", Behaviour, HostState, Cluster)


def _change(value: _Value, all_changes: Iterable[Changes]) -> _Value:
    for changes in all_changes:
        value = replace(value, **changes)
    return value
