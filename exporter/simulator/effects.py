"""How each trouble is brought about: what it changes of a node's ports and condition, and of the cluster's facts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeVar

from exporter.simulator import delivery
from exporter.simulator.authority import Credential
from exporter.simulator.cluster import Cluster
from exporter.simulator.condition import CLOSED_WORKERS, Condition, Panel, PanelListener, Worker
from exporter.simulator.conduct import Conduct, Door
from exporter.simulator.messages import Reply
from exporter.simulator.troubles import Trouble

Changes = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Effect:
    """Changes by field name: of 443, of 9443 as everybody sees it, of 9443 as seen from outside, of the facts."""

    proxy: Changes = field(default_factory=dict)
    panel: Changes = field(default_factory=dict)
    outside: Changes = field(default_factory=dict)
    condition: Changes = field(default_factory=dict)
    cluster: Changes = field(default_factory=dict)


class Conducts(NamedTuple):
    """How the ports of a node behave. `inside` is 9443 as the worker sees it."""

    proxy: Conduct
    outside: Conduct
    inside: Conduct


def _html(status: int, title: str, *headers: tuple[str, str]) -> Reply:
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return Reply(status, page.encode(), "text/html", (("server", "nginx"), *headers))


def _as_html(reply: Reply) -> Reply:
    return replace(reply, content_type="text/html")


def _garbled(reply: Reply) -> Reply:
    return replace(reply, body=reply.body[:-1])


_CLOSED: Changes = {"door": Door.CLOSED}

EFFECTS: Mapping[Trouble, Effect] = {
    Trouble.WORKER_SILENT: Effect(condition={"worker": Worker.HANGING}),
    Trouble.PANEL_SILENT: Effect(condition={"listener": PanelListener.HANGING}),
    Trouble.PANEL_FROZEN: Effect(condition={"panel": Panel.FROZEN}),
    Trouble.WORKER_STOPPED: Effect(condition={"worker": Worker.STOPPED}),
    Trouble.PANEL_STOPPED: Effect(condition={"panel": Panel.STOPPED}),
    Trouble.HOST_DOWN: Effect(condition={"panel": Panel.STOPPED, "worker": Worker.STOPPED}),
    Trouble.DIRECT_CLOSED: Effect(outside=_CLOSED),
    Trouble.LISTENER_SICK: Effect(condition={"listener": PanelListener.SICK}),
    Trouble.BREAKER_OPEN: Effect(cluster={"breaker_open": True}),
    Trouble.DATABASE_DOWN: Effect(cluster={"database_down": True}),
    Trouble.OLD_VERSION: Effect(cluster={"version": "20.02.19"}),
    Trouble.NOT_DEPLOYED: Effect(cluster={"deployed": False}),
    Trouble.LATENCY: Effect(panel={"slow": True}),
    Trouble.ELSEWHERE: Effect(proxy={"elsewhere": True}),
    Trouble.FOREIGN_PROXY: Effect(proxy={"instead": _html(502, "502 Bad Gateway")}),
    Trouble.PROXY_NOT_FOUND: Effect(proxy={"instead": Reply(404)}),
    Trouble.PROXY_LOGIN: Effect(
        proxy={"instead": _html(401, "401 Authorization Required", ("www-authenticate", 'Basic realm="x"'))}
    ),
    Trouble.PROXY_REDIRECT: Effect(
        proxy={"instead": _html(302, "302 Found", ("location", "https://elsewhere.example/"))}
    ),
    Trouble.DIRECT_FOREIGN: Effect(outside={"instead": _html(200, "Welcome")}),
    Trouble.PROXY_CERTIFICATE_ENDING: Effect(proxy={"certificate": Credential.ENDING}),
    Trouble.PROXY_CERTIFICATE_EXPIRED: Effect(proxy={"certificate": Credential.EXPIRED}),
    Trouble.PROXY_CERTIFICATE_NOT_YET_VALID: Effect(proxy={"certificate": Credential.NOT_YET_VALID}),
    Trouble.PROXY_CERTIFICATE_OTHER_NAME: Effect(proxy={"certificate": Credential.OTHER_NAME}),
    Trouble.PROXY_CERTIFICATE_UNTRUSTED: Effect(proxy={"certificate": Credential.UNTRUSTED}),
    Trouble.DIRECT_CERTIFICATE_EXPIRED: Effect(panel={"certificate": Credential.EXPIRED}),
    Trouble.DIRECT_CERTIFICATE_NOT_YET_VALID: Effect(panel={"certificate": Credential.NOT_YET_VALID}),
    Trouble.DIRECT_CERTIFICATE_OTHER_NAME: Effect(panel={"certificate": Credential.OTHER_NAME}),
    Trouble.DIRECT_CERTIFICATE_UNTRUSTED: Effect(panel={"certificate": Credential.UNTRUSTED}),
    Trouble.PROXY_PLAIN_HTTP: Effect(proxy={"plain": True}),
    Trouble.PROXY_WRONG_TYPE: Effect(proxy={"distort": _as_html}),
    Trouble.PROXY_INVALID_JSON: Effect(proxy={"distort": _garbled}),
    Trouble.PROXY_NOT_HTTP: Effect(proxy={"deliver": delivery.not_http}),
    Trouble.PROXY_ENDLESS: Effect(proxy={"deliver": delivery.endless}),
    Trouble.PROXY_TRUNCATED: Effect(proxy={"deliver": delivery.truncated}),
    Trouble.PROXY_RESET: Effect(proxy={"deliver": delivery.reset}),
    Trouble.PROXY_DRIP: Effect(proxy={"deliver": delivery.drip}),
}


# What a process that is not well does to its port, whatever else is wrong with that.
_WORKER_PORT: Mapping[Worker, Changes] = {
    **dict.fromkeys(CLOSED_WORKERS, _CLOSED),
    Worker.HANGING: {"silent": True},
}
_PANEL_PORT: Mapping[Panel | PanelListener, Changes] = {
    PanelListener.HANGING: {"silent": True},
    Panel.FROZEN: {"door": Door.FROZEN},
    Panel.STOPPED: _CLOSED,
}


def cluster_under(troubles: Collection[Trouble], cluster: Cluster) -> Cluster:
    """The facts of a cluster under the troubles of all its nodes.

    Where two troubles claim one thing, here and below, the later one in `EFFECTS` wins.
    """
    return _change(cluster, (effect.cluster for effect in _active(troubles)))


def condition_under(troubles: Collection[Trouble], condition: Condition) -> Condition:
    """The condition of a node under its own troubles."""
    return _change(condition, (effect.condition for effect in _active(troubles)))


def conducts_under(troubles: Collection[Trouble], condition: Condition) -> Conducts:
    """How a node's ports behave in a condition (that of its troubles) and under its troubles."""
    active = _active(troubles)
    by_worker = _WORKER_PORT.get(condition.worker, {})
    by_panel = [_PANEL_PORT.get(condition.listener, {}), _PANEL_PORT.get(condition.panel, {})]
    panel = [effect.panel for effect in active]
    return Conducts(
        proxy=_change(Conduct(), [*(effect.proxy for effect in active), by_worker]),
        outside=_change(Conduct(), [*panel, *(effect.outside for effect in active), *by_panel]),
        inside=_change(Conduct(), [*panel, *by_panel]),
    )


def _active(troubles: Collection[Trouble]) -> list[Effect]:
    return [effect for trouble, effect in EFFECTS.items() if trouble in troubles]


_Value = TypeVar("_Value", Conduct, Condition, Cluster)


def _change(value: _Value, all_changes: Iterable[Changes]) -> _Value:
    for changes in all_changes:
        value = replace(value, **changes)
    return value
