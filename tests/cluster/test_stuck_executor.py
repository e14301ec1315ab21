"""A Onepanel whose executor is stuck: another node, or else the other path, is asked; no living host is unreachable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from exporter.operations.component_status import ComponentStatus
from exporter.reasons import Reason
from exporter.report import status_line, summarize
from exporter.simulator import Authority, Fault, SimulatedZone, Timing
from exporter.targets import AccessPath, Node, Schedule, Target
from tests.cluster.polled_target import polling, target_at
from tests.cluster.reported import COMPONENTS, statuses
from tests.support.processes import Metrics
from tests.support.waiting import eventually

_COMPONENTS = ("managers", "databases", "workers")
_HOSTS = ("node1.onezone.example", "node2.onezone.example")
# Onepanel waits 5 s for its executor: scaled to none, it answers 500 in time; to 2 s, it is silent for this client.
_ANSWERS_500, _IS_SILENT = Timing(scale=0.0), Timing(scale=0.4)
_SCHEDULE = Schedule(interval=2.0, details_interval=30.0, timeout=1.0)
_MAP_OF_ALL, _ONE_BY_ONE = {"": 1}, {"": 1, f"/{_HOSTS[0]}": 1, f"/{_HOSTS[1]}": 1}


def target_of(zone: SimulatedZone, ca_file: Path) -> Target:
    """A target that is a cluster, with its nodes if there are several."""
    nodes = tuple(Node(name, address) for name, address in zone.node_addresses.items())
    return replace(target_at(zone, ca_file), nodes=nodes if len(nodes) > 1 else (), schedule=_SCHEDULE)


def asked(zone: SimulatedZone, node: str, path: AccessPath = AccessPath.DIRECT) -> dict[str, dict[str, int]]:
    """How often a node was asked over a path for each component: for all hosts (""), and for each."""
    found: dict[str, dict[str, int]] = {}
    for served, number in zone.nodes[node].request_logs[path].served.items():
        url_end = served.url_path.partition("/onepanel/zone/")[2]
        component, slash, host = url_end.partition("/")
        if component in _COMPONENTS:
            found.setdefault(component, {})[slash + host] = number
    return found


async def served(zone: SimulatedZone) -> Counter[tuple[str, str]]:
    """How many requests of the operations on components each node has read over each path.

    Those for the layout of the cluster are among them. A request that waits for the executor is listed at its end.
    """
    logs = {(name, path): node.request_logs[path] for name, node in zone.nodes.items() for path in AccessPath}
    return +Counter(
        {
            (name, path.value): log.count("/onepanel/zone/configuration")
            + sum(sum(each.values()) for each in asked(zone, name, path).values())
            for (name, path), log in logs.items()
        }
    )


def counted(metrics: Metrics) -> Counter[tuple[str, str]]:
    """How many requests of the operations on components the exporter has counted."""
    total: Counter[tuple[str, str]] = Counter()
    for operation in _COMPONENTS:
        for each in metrics.samples("onedata_onepanel_requests_total", operation=operation):
            total[each.labels.get("node") or "node1", each.labels["path"]] += int(each.value)
    return +total


def statuses_of_all(metrics: Metrics) -> dict[str, list[str]]:
    return {component: statuses(metrics, "zone", component, _HOSTS) for component in COMPONENTS}


_ALL_HEALTHY = {component: ["healthy", "healthy"] for component in COMPONENTS}
_NOTHING = {component: ["", ""] for component in COMPONENTS}


@pytest.mark.parametrize(
    ("timing", "first_node"),
    [
        pytest.param(_ANSWERS_500, {"managers": _MAP_OF_ALL}, id="500"),
        pytest.param(_IS_SILENT, {"managers": _ONE_BY_ONE}, id="silent"),
    ],
)
async def test_another_node_is_queried_next_and_answers_everything(
    timing: Timing, first_node: Mapping[str, Mapping[str, int]], authority: Authority, ca_file: Path
) -> None:
    async with SimulatedZone(nodes=2, authority=authority, timing=timing) as zone:
        await zone.set(Fault.EXECUTOR_STUCK, on=True, node="node1")
        async with polling(target_of(zone, ca_file)) as polled:
            await polled.poll()
            metrics, summary = await polled.metrics(), summarize(polled.latest)
            await eventually(partial(served, zone), counted(metrics).__eq__)
    assert statuses_of_all(metrics) == _ALL_HEALTHY
    assert (summary.diagnosis, summary.findings) == ("ok", ())
    assert asked(zone, "node1") == first_node
    # From the first answer on, the living node is asked alone, and once for each component.
    assert asked(zone, "node2") == dict.fromkeys(_COMPONENTS, _MAP_OF_ALL)


@pytest.mark.parametrize(
    ("timing", "requests", "finding"),
    [
        pytest.param(
            _ANSWERS_500, (_MAP_OF_ALL, _MAP_OF_ALL), "managers not learnt (server_error)", id="500"
        ),
        pytest.param(
            _IS_SILENT,
            (_ONE_BY_ONE, _MAP_OF_ALL),
            "manager on node1.onezone.example: not learnt",
            id="silent",
        ),
    ],
)
async def test_if_no_node_answers_all_statuses_are_unknown_and_no_host_is_unreachable(
    timing: Timing,
    requests: tuple[Mapping[str, int], Mapping[str, int]],
    finding: str,
    authority: Authority,
    ca_file: Path,
) -> None:
    async with SimulatedZone(nodes=2, authority=authority, timing=timing) as zone:
        for node in zone.nodes:
            await zone.set(Fault.EXECUTOR_STUCK, on=True, node=node)
        async with polling(target_of(zone, ca_file)) as polled:
            details = await polled.poll()
            metrics, summary = await polled.metrics(), summarize(polled.latest)
            await eventually(partial(served, zone), counted(metrics).__eq__)
    assert statuses_of_all(metrics) == _NOTHING
    assert not any(
        each.outcome.by_host for each in details.observations if isinstance(each.outcome, ComponentStatus)
    )
    assert finding in [each.message for each in summary.findings]
    assert (summary.diagnosis, summary.severity) == ("ok", "unknown")
    assert "unreachable" not in status_line(summary)
    assert [asked(zone, node) for node in zone.nodes] == [
        dict.fromkeys(_COMPONENTS, each) for each in requests
    ]


@pytest.mark.parametrize("timing", [_ANSWERS_500, _IS_SILENT], ids=["500", "silent"])
async def test_without_another_node_the_other_path_is_asked(
    timing: Timing, authority: Authority, ca_file: Path
) -> None:
    async with SimulatedZone(authority=authority, timing=timing) as zone:
        await zone.set(Fault.EXECUTOR_STUCK, on=True)
        async with polling(target_of(zone, ca_file)) as polled:
            details = await polled.poll()
            metrics = await polled.metrics()
            await eventually(partial(served, zone), counted(metrics).__eq__)
    assert not list(metrics.samples("onedata_component_status"))
    for seen in details.observations:
        if seen.operation in _COMPONENTS:
            assert seen.exchanges[-1].route.path is AccessPath.PROXY, seen.operation
            assert {each.failure.reason for each in seen.exchanges if each.failure} <= {
                Reason.SERVER_ERROR,
                Reason.TIMEOUT,
            }
    assert asked(zone, "node1", AccessPath.PROXY) == dict.fromkeys(_COMPONENTS, _MAP_OF_ALL)


@pytest.mark.parametrize("timing", [_ANSWERS_500, _IS_SILENT], ids=["500", "silent"])
async def test_a_path_to_another_node_of_the_domain_answers_everything(
    timing: Timing, authority: Authority, ca_file: Path
) -> None:
    """As behind a load balancer: the target lists no nodes, and its paths lead to different ones."""
    async with SimulatedZone(nodes=2, authority=authority, timing=timing) as zone:
        await zone.set(Fault.EXECUTOR_STUCK, on=True, node="node1")
        first, second = zone.node_addresses.values()
        target = replace(
            target_of(zone, ca_file),
            nodes=(),
            proxy_url=f"https://{second}:{zone.ports[AccessPath.PROXY]}",
            direct_url=f"https://{first}:{zone.ports[AccessPath.DIRECT]}",
        )
        target = replace(target, tls=replace(target.tls, server_name="onezone.example"))
        async with polling(target) as polled:
            await polled.poll()
            metrics = await polled.metrics()
            await eventually(partial(served, zone), lambda seen: seen.total() == counted(metrics).total())
    assert statuses_of_all(metrics) == _ALL_HEALTHY
    assert list(asked(zone, "node1")) == ["managers"]
    assert asked(zone, "node2", AccessPath.PROXY) == dict.fromkeys(_COMPONENTS, _MAP_OF_ALL)
