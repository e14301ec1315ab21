"""Which listed providers become targets. Pure.

A zone is foreign: its list may name any host. A provider is admitted by its domain's host name, on the two
configured ports only. The addresses that the name resolves to are judged at every connection, by the client.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase

from exporter.credentials import Auth
from exporter.operations.providers import Provider
from exporter.targets import AccessPath, Discovery, Kind, ReachableAddresses, Target

_HOST_NAME = re.compile(r"(?=.{1,253}\Z)(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))+")
_LOCAL_NAMES = ("localhost", "local", "internal", "localdomain", "home.arpa")


class ProviderState(StrEnum):
    """What became of a listed provider; the metric label `state`."""

    WATCHED = "watched"
    CONFIGURED = "configured"
    IGNORED = "ignored"
    EXPECTED_OFFLINE = "expected_offline"
    REJECTED = "rejected"
    OVER_LIMIT = "over_limit"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Admission:
    """What became of one listed provider. `target` is the name of its target, if it has one; `why` is for people."""

    provider: Provider
    state: ProviderState
    target: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Admitted:
    """The outcome for a whole list: the new targets, and what became of each provider."""

    targets: tuple[Target, ...]
    admissions: tuple[Admission, ...]


def admit(zone: Target, providers: Iterable[Provider], configured: Iterable[Target]) -> Admitted:
    """Decide on every provider of a zone's list, in the order of the list.

    A configured target of the same domain or name wins. `zone` has a `discovery`.
    """
    plan = zone.discovery or Discovery()
    by_domain = {host_of(target.domain): target.name for target in configured}
    names = set(by_domain.values())
    targets: dict[str, Target] = {}
    admissions = []
    for provider in providers:
        admission = _admission(provider, plan, zone, by_domain)
        if admission.state in {ProviderState.WATCHED, ProviderState.EXPECTED_OFFLINE}:
            admission = _with_room(admission, plan, targets, names)
        if admission.target and admission.state is not ProviderState.CONFIGURED:
            targets[admission.target] = _target(zone, plan, admission)
        admissions.append(admission)
    return Admitted(tuple(targets.values()), tuple(admissions))


def _admission(provider: Provider, plan: Discovery, zone: Target, by_domain: Mapping[str, str]) -> Admission:
    host = host_of(provider.domain)
    if matches(provider, host, plan.ignore):
        return Admission(provider, ProviderState.IGNORED, why="listed in discover.ignore")
    if host in by_domain:
        return Admission(
            provider, ProviderState.CONFIGURED, by_domain[host], "a configured target has this domain"
        )
    why = why_rejected(host, loopback_allowed=is_loopback(zone.domain))
    if why:
        return Admission(provider, ProviderState.REJECTED, why=why)
    is_expected = matches(provider, host, plan.expected_offline)
    state = ProviderState.EXPECTED_OFFLINE if is_expected else ProviderState.WATCHED
    return Admission(provider, state, host)


def _with_room(
    admission: Admission, plan: Discovery, targets: Mapping[str, Target], names: set[str]
) -> Admission:
    if admission.target in targets:
        why = "another provider of the list has the same domain"
        return replace(admission, state=ProviderState.REJECTED, target="", why=why)
    if admission.target in names:
        why = "a configured target has this name"
        return replace(admission, state=ProviderState.REJECTED, target="", why=why)
    if len(targets) >= plan.max_discovered:
        why = f"discover.max_discovered is {plan.max_discovered}"
        return replace(admission, state=ProviderState.OVER_LIMIT, target="", why=why)
    return admission


def matches(provider: Provider, host: str, patterns: Iterable[str]) -> bool:
    """Return whether one of the patterns names a provider: by its id, or by a glob of its name or host."""
    return any(
        pattern == provider.provider_id
        or fnmatchcase(provider.name, pattern)
        or fnmatchcase(host, pattern.lower())
        for pattern in patterns
    )


def host_of(domain: str) -> str:
    """Return a domain as it is compared: lower case, without the dot at its end."""
    return domain.lower().removesuffix(".")


def is_loopback(host: str) -> bool:
    """Return whether a host is spelled as the loopback interface."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def why_rejected(host: str, *, loopback_allowed: bool) -> str:
    """Return why a host cannot be a discovered target; empty when it can.

    An address is rejected, except a loopback one where the zone itself is on loopback, as in the demo.
    """
    if is_loopback(host):
        return "" if loopback_allowed else "the domain is the exporter's own host"
    if not host:
        return "the zone gives no domain"
    if not _HOST_NAME.fullmatch(host) or host.rpartition(".")[2].isdecimal():
        return "the domain is no host name with at least two labels"
    if host.rpartition(".")[2] in _LOCAL_NAMES or host.endswith(tuple(f".{name}" for name in _LOCAL_NAMES)):
        return "the domain is a name of a local network"
    return ""


def _target(zone: Target, plan: Discovery, admission: Admission) -> Target:
    host, provider = admission.target, admission.provider
    template = plan.template or Target("", "", "", "")
    origins = {
        port: f"https://{host}" if port == _HTTPS_PORT else f"https://{host}:{port}" for port in plan.ports
    }
    paths = template.expected_paths
    if provider.onepanel_proxy is False:
        paths = frozenset({AccessPath.DIRECT})
    return replace(
        template,
        name=host,
        url=origins[plan.proxy_port],
        proxy_url=origins[plan.proxy_port],
        direct_url=origins[plan.direct_port],
        kind=Kind.ONEPROVIDER,
        expected_paths=paths,
        auth=_auth(plan, template.auth, provider.provider_id),
        maintenance_file=template.maintenance_file.replace("{name}", host),
        onezone=zone.name,
        provider_id=provider.provider_id,
        is_expected_offline=admission.state is ProviderState.EXPECTED_OFFLINE,
        reachable_addresses=ReachableAddresses.NOT_LOCAL_OR_LOOPBACK
        if is_loopback(zone.domain)
        else ReachableAddresses.NOT_LOCAL,
    )


_HTTPS_PORT = 443


def _auth(plan: Discovery, default: Auth, provider_id: str) -> Auth:
    """Return the credentials of a provider: its own by id, else the common token; never a common passphrase."""
    own = dict(plan.auth).get(provider_id)
    return own if own is not None else replace(default, passphrase=None)
