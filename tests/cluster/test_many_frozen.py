"""So many frozen nodes that a round of details is too short for all of them."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from exporter.operations.component_status import ComponentStatus
from exporter.operations.host_status import Status
from exporter.simulator import Authority, Fault, SimulatedZone, Timing
from exporter.targets import Node, Schedule
from tests.cluster.polled_target import polling, target_at

_FROZEN = ("node2", "node3", "node4")
_STATUSES = {
    f"node{number}.onezone.example": Status.HEALTHY if number in {1, 5} else Status.UNREACHABLE
    for number in range(1, 6)
}
# Onepanel waits so long for a frozen one that three of them, and the list, are more than a round has time for.
_PACE = Timing(
    scale=0.0, connect_timeout_seconds=0.5, receive_timeout_seconds=0.5, stall_seconds=60.0, hang_seconds=0.0
)
_ROUNDS_TO_FIND_ALL = 2
_SCHEDULE = Schedule(interval=2.0, details_interval=3.0, timeout=0.9)


async def test_every_round_reports_all_hosts_once_the_frozen_ones_are_known(
    authority: Authority, ca_file: Path
) -> None:
    async with AsyncExitStack() as stack:
        zone = await stack.enter_async_context(SimulatedZone(nodes=5, authority=authority, timing=_PACE))
        target = replace(
            target_at(zone, ca_file, nodes=(Node("node1", zone.node_addresses["node1"]),)), schedule=_SCHEDULE
        )
        polled = await stack.enter_async_context(polling(target))
        for node in _FROZEN:
            await zone.set(Fault.PANEL_FROZEN, on=True, node=node)
        checkup = await polled.round()
        for number in range(3):
            details = await polled.details(checkup)
            checkup = replace(checkup, details=details)
            outcomes = [
                each.outcome for each in details.observations if isinstance(each.outcome, ComponentStatus)
            ]
            if number >= _ROUNDS_TO_FIND_ALL:
                assert {facts.component for facts in outcomes} == {"worker", "manager", "database"}
                assert [facts.by_host for facts in outcomes] == [_STATUSES] * 3
