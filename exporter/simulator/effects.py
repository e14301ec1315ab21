"""How each trouble is brought about: what it changes of the three ports' conduct and of the cluster's facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeVar

from exporter.simulator import delivery
from exporter.simulator.authority import Credential
from exporter.simulator.cluster import Cluster
from exporter.simulator.conduct import Conduct, Door
from exporter.simulator.messages import Reply
from exporter.simulator.troubles import Trouble

Changes = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Effect:
    """Changes by field name: of 443, of 9443 as everybody sees it, of 9443 as seen from outside, of the cluster."""

    proxy: Changes = field(default_factory=dict)
    panel: Changes = field(default_factory=dict)
    outside: Changes = field(default_factory=dict)
    cluster: Changes = field(default_factory=dict)


class Situation(NamedTuple):
    """How everything behaves under the troubles of the moment. `inside` is 9443 as the worker sees it."""

    proxy: Conduct
    outside: Conduct
    inside: Conduct
    cluster: Cluster


def _html(status: int, title: str, *headers: tuple[str, str]) -> Reply:
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return Reply(status, page.encode(), "text/html", (("server", "nginx"), *headers))


def _as_html(reply: Reply) -> Reply:
    return replace(reply, content_type="text/html")


def _garbled(reply: Reply) -> Reply:
    return replace(reply, body=reply.body[:-1])


_CLOSED: Changes = {"door": Door.CLOSED}

EFFECTS: Mapping[Trouble, Effect] = {
    Trouble.WORKER_SILENT: Effect(proxy={"silent": True}),
    Trouble.PANEL_SILENT: Effect(panel={"silent": True}),
    Trouble.PANEL_FROZEN: Effect(panel={"door": Door.FROZEN}),
    Trouble.WORKER_STOPPED: Effect(proxy=_CLOSED, cluster={"worker_running": False}),
    Trouble.PANEL_STOPPED: Effect(panel=_CLOSED),
    Trouble.HOST_DOWN: Effect(proxy=_CLOSED, panel=_CLOSED, cluster={"worker_running": False}),
    Trouble.DIRECT_CLOSED: Effect(outside=_CLOSED),
    Trouble.LISTENER_SICK: Effect(cluster={"listener_sick": True}),
    Trouble.BREAKER_OPEN: Effect(cluster={"breaker_open": True}),
    Trouble.DATABASE_DOWN: Effect(cluster={"database_down": True}),
    Trouble.OLD_VERSION: Effect(cluster={"version": "20.02.19", "health_known": False}),
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


def situation(troubles: frozenset[Trouble], cluster: Cluster) -> Situation:
    """Everything under some troubles at once. Where two claim one thing, the later one in `EFFECTS` wins."""
    active = [effect for trouble, effect in EFFECTS.items() if trouble in troubles]
    inside = _change(Conduct(), (effect.panel for effect in active))
    return Situation(
        proxy=_change(Conduct(), (effect.proxy for effect in active)),
        outside=_change(inside, (effect.outside for effect in active)),
        inside=inside,
        cluster=_change(cluster, (effect.cluster for effect in active)),
    )


_Value = TypeVar("_Value", Conduct, Cluster)


def _change(value: _Value, all_changes: Iterable[Changes]) -> _Value:
    for changes in all_changes:
        value = replace(value, **changes)
    return value
