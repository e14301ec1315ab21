"""Nodes, with real servers: pinned by the configuration, or found by resolving the domain."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from exporter.client.client import Client
from exporter.diagnosis.checkup import Checkup
from exporter.diagnosis.rules import Diagnosis
from exporter.exposition.page import Exposition
from exporter.exposition.text_format import TextFormat
from exporter.exposition.views import ExporterView
from exporter.operations import TIMED_OPERATIONS
from exporter.polling.rounds import Rounds
from exporter.reasons import Reason
from exporter.simulator import SimulatedZone
from exporter.state.store import Store
from exporter.targets import Node, Schedule, Target, TlsOptions

DOMAIN = "onezone.example"
HERE = "127.0.0.1"
NOBODY = "127.0.0.2"


async def whole(exposition: Exposition, names: frozenset[str] = frozenset()) -> bytes:
    """The page, put together."""
    return b"".join([piece async for piece in exposition.page(TextFormat.CLASSIC, names)])


class Zonefile(AbstractResolver):
    """A resolver that knows these addresses of one name; None: it does not answer."""

    def __init__(self, *addresses: str) -> None:
        self.addresses: tuple[str, ...] | None = addresses
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        if self.addresses is None or host != DOMAIN:
            raise OSError(None, "DNS lookup failed")
        family = socket.AF_INET
        return [
            ResolveResult(hostname=host, host=each, port=port, family=family, proto=0, flags=0)
            for each in self.addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


class Watch:
    """One target, polled round by round, as the exporter does."""

    def __init__(self, target: Target, client: Client) -> None:
        self.target = target
        self.rounds = Rounds(client)
        self.store = Store(TIMED_OPERATIONS, (1.0,))
        self.store.set_targets([target])
        self.state = self.store.states[0]
        self.exposition = Exposition(
            lambda: ExporterView(self.store, "1", "", "3", reload_successful=True, reloaded_at=0.0),
            clock=lambda: 0.0,
        )

    async def poll(self) -> Checkup:
        checkup = await self.rounds.take(self.target, self.state.checkup)
        self.store.record(checkup, 0.0)
        return checkup

    async def series(self, name: str) -> list[str]:
        page = await whole(self.exposition, frozenset({name}))
        return [line for line in page.decode().splitlines() if line.startswith(f"{name}{{")]


@pytest.fixture
async def zone() -> AsyncIterator[SimulatedZone]:
    async with SimulatedZone() as zone:
        yield zone


@pytest.fixture
def target(zone: SimulatedZone, tmp_path: Path) -> Target:
    (tmp_path / "ca.pem").write_text(zone.ca_pem, encoding="ascii")
    proxy_url, direct_url = (url.replace(HERE, DOMAIN) for url in (zone.proxy_url, zone.direct_url))
    return Target(
        name="zone",
        url=proxy_url,
        proxy_url=proxy_url,
        direct_url=direct_url,
        tls=TlsOptions(ca_file=str(tmp_path / "ca.pem")),
        schedule=Schedule(6.0, 60.0, 4.0),
    )


@pytest.fixture
def zonefile() -> Zonefile:
    return Zonefile(NOBODY, HERE)


@pytest.fixture
async def watch(zonefile: Zonefile) -> AsyncIterator[Callable[[Target], Watch]]:
    bugs: list[BaseException] = []
    client = Client(lambda _where, bug: bugs.append(bug), resolver=zonefile)
    yield lambda target: Watch(target, client)
    await client.close()
    assert bugs == []


async def test_both_paths_are_pinned_to_each_node_under_the_name_of_the_domain(
    zone: SimulatedZone, target: Target, zonefile: Zonefile, watch: Callable[[Target], Watch]
) -> None:
    watched = watch(replace(target, nodes=(Node("node1", HERE), Node("node2", NOBODY))))
    checkup = await watched.poll()
    assert checkup.diagnoses == {"node1": Diagnosis.OK, "node2": Diagnosis.UNREACHABLE}
    assert zonefile.asked == []
    for path, request_log in zone.request_logs.items():
        assert request_log.server_names == {DOMAIN}
        assert request_log.hosts == {target.origin(path).removeprefix("https://")}
    (overhead,) = await watched.series("onedata_proxy_overhead_seconds")
    assert 'node="node1"' in overhead


async def test_every_address_of_the_domain_is_a_node(
    target: Target, zonefile: Zonefile, watch: Callable[[Target], Watch]
) -> None:
    watched = watch(replace(target, resolve_nodes=True))
    checkup = await watched.poll()
    assert checkup.diagnoses == {HERE: Diagnosis.OK, NOBODY: Diagnosis.UNREACHABLE}
    assert zonefile.asked == [DOMAIN]  # once a round, whoever needs it
    assert len(await watched.series("onedata_onepanel_up")) == 4


async def test_a_removed_address_leaves_no_series_and_others_continue_counting(
    target: Target, zonefile: Zonefile, watch: Callable[[Target], Watch]
) -> None:
    watched = watch(replace(target, resolve_nodes=True))
    await watched.poll()
    zonefile.addresses = (HERE,)
    await watched.poll()
    assert NOBODY not in (await whole(watched.exposition)).decode()
    requests = await watched.series("onedata_onepanel_requests_total")
    counts = {line.rpartition(" ")[2] for line in requests if 'operation="health"' in line}
    assert counts == {"2.0"}
    assert list(watched.state.diagnosed_since) == [HERE]


async def test_an_unresolvable_domain_keeps_its_nodes_with_a_resolve_failure(
    target: Target, zonefile: Zonefile, watch: Callable[[Target], Watch]
) -> None:
    watched = watch(replace(target, resolve_nodes=True))
    await watched.poll()
    zonefile.addresses = None
    checkup = await watched.poll()
    assert checkup.node_names == (HERE, NOBODY)
    assert {failure.reason for route in checkup.routes if (failure := checkup.failure(route))} == {
        Reason.RESOLVE
    }
    assert set(checkup.diagnoses.values()) == {Diagnosis.UNREACHABLE}
    assert not any(checkup.onepanel_answered(route) for route in checkup.routes)


async def test_a_domain_that_never_resolved_is_one_nameless_node(
    target: Target, zonefile: Zonefile, watch: Callable[[Target], Watch]
) -> None:
    zonefile.addresses = None
    watched = watch(replace(target, resolve_nodes=True))
    checkup = await watched.poll()
    assert checkup.diagnoses == {"": Diagnosis.UNREACHABLE}
    zonefile.addresses = (HERE,)
    assert (await watched.poll()).diagnoses == {HERE: Diagnosis.OK}
    assert watched.state.node_names == (HERE,)


async def test_no_more_nodes_are_made_than_a_cluster_can_have(
    target: Target, zonefile: Zonefile, watch: Callable[[Target], Watch]
) -> None:
    zonefile.addresses = tuple(f"127.0.1.{number}" for number in range(100, 200))
    checkup = await watch(replace(target, resolve_nodes=True)).poll()
    assert checkup.node_names == tuple(f"127.0.1.{number}" for number in range(100, 132))
