"""Three nodes, one of which dies or freezes: the others' statuses stay, and no round is late."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

from exporter.simulator import Authority, Fault, SimulatedZone, Timing
from exporter.targets import AccessPath
from tests.cluster.reported import COMPONENTS, HOSTS, PASSPHRASE, paths_with_credentials, statuses, with_auth
from tests.support.processes import ExporterProcess, Metrics, write_config

_INTERVAL_SECONDS = 5.0
_TIMEOUT_SECONDS = 3.0
_DETAILS_SECONDS = 15.0
_BUSY_MACHINE_SECONDS = 2.0
# The real times of a Onepanel that waits for a frozen one; only the proxy gives up a little sooner, and the
# living ones do not hang for a while themselves, which is longer than a round here.
_PACE = Timing(
    scale=0.0, connect_timeout_seconds=0.5, receive_timeout_seconds=0.5, stall_seconds=60.0, hang_seconds=0.0
)

_DIAGNOSIS = "onedata_target_diagnosis"
NODES = ("node1", "node2", "node3")


class Case(NamedTuple):
    """A fault of one node. The first node is the one that is asked about all of them."""

    fault: Fault
    node: int

    @property
    def name(self) -> str:
        return f"{self.fault.value}-{self.node}"

    @property
    def expected(self) -> list[str]:
        return ["unreachable" if number == self.node else "healthy" for number in (1, 2, 3)]


CASES = [Case(Fault.PANEL_STOPPED, 2), Case(Fault.PANEL_FROZEN, 2), Case(Fault.PANEL_FROZEN, 1)]


def reported(metrics: Metrics, case: Case) -> list[list[str]]:
    return [statuses(metrics, case.name, component) for component in COMPONENTS]


def missing_one(metrics: Metrics) -> bool:
    """Whether every case is reported as expected; fails as soon as a living host's status is lost."""
    for case in CASES:
        for words in reported(metrics, case):
            others = [word for number, word in enumerate(words, start=1) if number != case.node]
            assert others == ["healthy", "healthy"], (case, words)
    return all(reported(metrics, case) == [case.expected] * len(COMPONENTS) for case in CASES)


async def test_a_node_that_dies_or_freezes_is_unreachable_and_costs_no_other_status_and_no_round(
    config_file: Path, authority: Authority, ca_file: Path
) -> None:
    zones = {case: SimulatedZone(nodes=3, authority=authority, timing=_PACE) for case in CASES}
    async with AsyncExitStack() as stack:
        for zone in zones.values():
            await stack.enter_async_context(zone)
        targets = [with_auth(zone, case.name, passphrase=PASSPHRASE) for case, zone in zones.items()]
        config = write_config(config_file, targets, ca_file, _INTERVAL_SECONDS, _TIMEOUT_SECONDS)
        environment = {"ONEDATA_EXPORTER_POLL__DETAILS_INTERVAL": str(_DETAILS_SECONDS)}
        exporter = await stack.enter_async_context(ExporterProcess(config, environment=environment))
        well = [["healthy"] * len(HOSTS)] * len(COMPONENTS)
        await exporter.metrics_when(lambda seen: all(reported(seen, case) == well for case in CASES))

        for case, zone in zones.items():
            await zone.set(case.fault, on=True, node=f"node{case.node}")
        began = asyncio.get_running_loop().time()
        before = await exporter.metrics()
        within = _DETAILS_SECONDS + 5 * _TIMEOUT_SECONDS + _BUSY_MACHINE_SECONDS
        metrics = await exporter.metrics_when(missing_one, within)
        rounds = (asyncio.get_running_loop().time() - began) / _INTERVAL_SECONDS

        def grown(name: str, case: Case) -> float:
            return metrics.total(name, target=case.name) - before.total(name, target=case.name)

        for case in CASES:
            assert grown("onedata_polls_total", case) >= int(rounds) - 1, case
            assert grown("onedata_polls_skipped_total", case) == 0.0, case
        for case in CASES:
            down = [
                metrics.value(_DIAGNOSIS, diagnosis="panel_down", target=case.name, node=node)
                for node in NODES
            ]
            assert down == [float(node == f"node{case.node}") for node in NODES]
        assert metrics.total("onedata_exporter_unhandled_errors_total") == 0.0
    for zone in zones.values():
        assert {path.split("/")[4] for path in paths_with_credentials(zone)} == {
            "zone",
            "web_cert",
            "dns_check",
        }
        for node in zone.nodes.values():
            for path in AccessPath:
                assert node.request_logs[path].server_names == {"onezone.example"}
