"""Hand-made rounds, for tests of what is made of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from exporter.credentials import Auth, AuthMethod
from exporter.diagnosis.checkup import Checkup
from exporter.diagnosis.conclusion import conclude
from exporter.observation import (
    Certificate,
    Connection,
    Details,
    Exchange,
    Observation,
    Phase,
    Visit,
)
from exporter.operations.component_status import ComponentStatus
from exporter.operations.configuration import Configuration
from exporter.operations.dns_check import DnsCheck, DnsStatus
from exporter.operations.emergency_passphrase import EmergencyPassphrase
from exporter.operations.health import Health
from exporter.operations.host_status import Status
from exporter.operations.node import NodeFacts
from exporter.operations.outcome import Outcome
from exporter.operations.users import UserCount
from exporter.operations.web_certificate import WebCertificate, WebCertificateStatus
from exporter.operations.worker_configuration import WorkerConfiguration
from exporter.operations.worker_report import ReportStatus, WorkerReport
from exporter.operations.zone_clock import ZoneClock
from exporter.operations.zone_connectivity import ZoneConnectivity
from exporter.reasons import Failure, Reason
from exporter.targets import AccessPath, Kind, Node, Route, Schedule, Target

ZONE = Configuration(
    kind=Kind.ONEZONE,
    version="21.02.7",
    build="8-ge9fd9a78",
    cluster_id="onezone",
    name="Reference Zone",
    domain="onezone.example",
    zone_domain="onezone.example",
    deployed=True,
    registered=None,
    complete=True,
)
PROVIDER = replace(
    ZONE,
    kind=Kind.ONEPROVIDER,
    cluster_id="6b0c1d4e",
    name="Reference Provider",
    domain="provider.example",
    registered=True,
)
CERTIFICATE = Certificate(
    subject="CN=onezone.example",
    issuer="CN=Test CA",
    not_before=1_790_000_000.0,
    not_after=1_800_000_000.0,
    fingerprint_sha256="ab" * 32,
    verified=True,
)
REFUSED = Failure(Reason.CONNECTION_REFUSED, "Connect call failed")


def make_target(
    name: str = "my-zone",
    labels: tuple[tuple[str, str], ...] = (),
    nodes: tuple[Node, ...] = (),
    auth: Auth = Auth(),  # noqa: B008 - it is immutable
    **options: Any,
) -> Target:
    """A target that need not be reachable."""
    return Target(
        name=name,
        url="https://onezone.example",
        proxy_url="https://onezone.example",
        direct_url="https://onezone.example:9443",
        labels=labels,
        nodes=nodes,
        auth=auth,
        schedule=Schedule(15.0, 60.0, 10.0),
        **options,
    )


def good_visit(
    route: Route,
    seconds: float = 0.06,
    facts: Configuration = ZONE,
    certificate: Certificate = CERTIFICATE,
) -> Visit:
    """A visit in which everything went well."""
    phases = {Phase.RESOLVE: 0.001, Phase.CONNECT: 0.002, Phase.TLS: 0.004}
    return Visit(
        route,
        (Connection(phases, (certificate,)),),
        (
            _observation("configuration", route, facts, seconds / 10),
            _observation("health", route, Health(), seconds),
        ),
    )


def failed_visit(route: Route, failure: Failure = REFUSED) -> Visit:
    """A visit to a route that could not be connected to."""
    exchange = Exchange(route, failure=failure)
    return Visit(
        route,
        (Connection({Phase.RESOLVE: 0.001}, (), failure),),
        tuple(Observation(name, route, failure, (exchange,)) for name in ("configuration", "health")),
    )


def make_checkup(
    target: Target,
    proxy: Failure | None = None,
    direct: Failure | None = None,
    at: float = 1_795_000_000.0,
    facts: Configuration = ZONE,
) -> Checkup:
    """A round of a target in which the paths failed for these reasons, or worked and reported these facts."""
    failures = {AccessPath.PROXY: proxy, AccessPath.DIRECT: direct}
    seconds = {AccessPath.PROXY: 0.11, AccessPath.DIRECT: 0.06}
    visits = []
    for route in target.routes:
        failure = failures[route.path]
        visits.append(
            failed_visit(route, failure) if failure else good_visit(route, seconds[route.path], facts)
        )
    return conclude(target, visits, at, 0.25)


def make_details(target: Target) -> Details:
    """A round of details in which a host was down, and everything else was reported."""
    statuses = {"node1.example": Status.HEALTHY, "node2.example": Status.UNREACHABLE}
    outcomes: dict[str, Outcome] = {
        "worker_report": WorkerReport(
            ReportStatus.ERROR,
            {"node1.example": {"datastore_worker": ReportStatus.ERROR, "dispatcher": ReportStatus.OK}},
        ),
        "workers": ComponentStatus("worker", statuses),
        "managers": ComponentStatus("manager", statuses),
        "databases": ComponentStatus("database", statuses, dropped=2),
        "web_certificate": WebCertificate(WebCertificateStatus.VALID, True, 1_790_000_000.0, 1_780_000_000.0),  # noqa: FBT003 - facts in their order
        "dns_check": DnsCheck({"domain": DnsStatus.OK, "dns_zone": DnsStatus.BAD_RECORDS}, 1_794_990_000.0),
        "users": UserCount(3),
        "node": NodeFacts("node1.example"),
        "emergency_passphrase": EmergencyPassphrase(is_set=True),
        "worker_health": Health(),
        "worker_configuration": WorkerConfiguration(
            "21.02.7", "8", compatible_providers=("21.02.6", "21.02.7"), compatible_zones=("21.02.7",)
        ),
        "zone_clock": ZoneClock(0.25),
        "zone_connectivity": ZoneConnectivity(connected=True),
    }
    route = Route(AccessPath.DIRECT, target.node_names[0])
    return Details(
        tuple(_observation(name, route, outcome, 0.03) for name, outcome in outcomes.items()),
        {
            route: (
                Connection({Phase.RESOLVE: 0.001, Phase.CONNECT: 0.002, Phase.TLS: 0.004}, (CERTIFICATE,)),
            )
        },
        {AuthMethod.TOKEN: False, AuthMethod.PASSPHRASE: True},
        1_795_000_000.0,
        token_expires_at=1_800_000_000.0,
    )


def _observation(name: str, route: Route, outcome: Outcome, seconds: float) -> Observation:
    return Observation(name, route, outcome, (Exchange(route, 200, seconds, 100),))
