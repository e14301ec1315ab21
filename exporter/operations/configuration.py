"""`GET /configuration`: the public facts of a cluster: kind, version, identity, whether it is deployed.

Any key may be absent on an older or newer version. On an internal error the server falls back to
four keys, with 200 and no `serviceType`: a reduced answer, not a complete one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from exporter.metrics import Metric, Reading, Scope
from exporter.operations.operation import Operation, ask, known
from exporter.operations.outcome import Facts
from exporter.operations.responses import Response, cached, clean_text, read_object
from exporter.reasons import Failure, Reason
from exporter.targets import Kind

_IDENTITY_KEYS = ("serviceType", "clusterId", "version", "build", "deployed")


@dataclass(frozen=True, slots=True)
class Configuration(Facts):
    """The public configuration; an empty string or None is what the server did not report.

    `name` and `domain` are the cluster's own: the zone's on a Onezone, the provider's on a Oneprovider.
    """

    kind: Kind
    version: str
    build: str
    cluster_id: str
    name: str
    domain: str
    zone_domain: str
    deployed: bool | None
    registered: bool | None
    complete: bool

    @property
    def identity(self) -> tuple[Kind, str, str, str, str]:
        """Return what must be equal on both paths. `clusterId` alone is "onezone" on every Onezone."""
        return (self.kind, self.cluster_id, self.version, self.build, self.domain)


@cached
def read(answer: Response) -> Configuration | Failure:
    """Return the facts of a 200 answer that has at least one of the keys every version sends."""
    body = read_object(answer)
    if isinstance(body, Failure):
        return body
    if not any(key in body for key in _IDENTITY_KEYS):
        return Failure(Reason.INVALID_BODY, "none of the keys of a Onepanel configuration is there")
    return _from_body(body)


def _from_body(body: dict[str, object]) -> Configuration:
    kind = _kind(body.get("serviceType"))
    is_provider = kind is Kind.ONEPROVIDER
    registered = _flag(body, "isRegistered") if is_provider else None
    nameless = is_provider and registered is True and not body.get("providerId")
    return Configuration(
        kind=kind,
        version=_text(body, "version"),
        build=_text(body, "build"),
        cluster_id=_text(body, "clusterId"),
        name=_text(body, "providerName" if is_provider else "zoneName"),
        domain=_text(body, "providerDomain" if is_provider else "zoneDomain"),
        zone_domain=_text(body, "zoneDomain"),
        deployed=_flag(body, "deployed"),
        registered=registered,
        complete=kind is not Kind.AUTO and not nameless,
    )


def _kind(value: object) -> Kind:
    return next((kind for kind in (Kind.ONEZONE, Kind.ONEPROVIDER) if kind == value), Kind.AUTO)


def _text(body: dict[str, object], key: str) -> str:
    value = body.get(key)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return clean_text(str(value) if is_number else value)


def _flag(body: dict[str, object], key: str) -> bool | None:
    value = body.get(key)
    return value if isinstance(value, bool) else None


def _info(facts: Configuration) -> Iterator[Reading]:
    kind = "" if facts.kind is Kind.AUTO else facts.kind.value
    identity = (kind, facts.version, facts.build, facts.cluster_id)
    yield Reading((*identity, facts.name, facts.domain, facts.zone_domain), 1)


OPERATION: Operation[Configuration] = Operation(
    name="configuration",
    summary="the public configuration of the cluster",
    conversation=ask("/configuration", read),
    is_timed=True,
    metrics=(
        Metric(
            name="onedata_cluster_info",
            help="Facts about the cluster from its public configuration; always 1.",
            scope=Scope.TARGET,
            see=known(Configuration, lambda facts: facts),
            read=_info,
            labels=("kind", "version", "build", "cluster_id", "name", "domain", "zone_domain"),
        ),
        Metric(
            name="onedata_cluster_deployed",
            help="1: the cluster is deployed. 0: its installation is not finished.",
            scope=Scope.TARGET,
            see=known(Configuration, lambda facts: facts.deployed),
        ),
        Metric(
            name="onedata_cluster_registered",
            help="1: the Oneprovider is registered in a Onezone. Absent for a Onezone.",
            scope=Scope.TARGET,
            see=known(Configuration, lambda facts: facts.registered),
        ),
        Metric(
            name="onedata_configuration_complete",
            help="0: the server gave its reduced answer, or a registered Oneprovider does not know its own name.",
            scope=Scope.TARGET,
            see=known(Configuration, lambda facts: facts.complete),
        ),
    ),
)
