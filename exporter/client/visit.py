"""One route in one round: the two public operations, each with its whole timeout, and what else is due."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from exporter.client.connection import RouteConnection
from exporter.client.conversation import Conversation
from exporter.observation import Exchange, Observation, SentRequests, Visit
from exporter.operations.operation import Known, Operation, Reply, Request, Value
from exporter.operations.outcome import Facts, NotLearnt
from exporter.targets import Route, Schedule
from exporter.tasks import ReportBug

# How long the second public operation waits for the answer of the first, to use the same connection.
_LONGEST_HEAD_START_SECONDS = 1.0
_HEAD_START_PER_TIMEOUT = 1 / 3
_SILENT = NotLearnt("not asked: Onepanel does not answer")


def head_start(schedule: Schedule) -> float:
    """Return for how many seconds the second operation waits: the round must have room for its whole timeout."""
    spare = schedule.round_seconds - schedule.request_timeout
    return min(_LONGEST_HEAD_START_SECONDS, _HEAD_START_PER_TIMEOUT * schedule.request_timeout, spare)


@dataclass(frozen=True, slots=True)
class RouteVisit:
    """What is needed to visit one route. `deadline` is a time of `time.perf_counter`.

    `held` has the conversations in the order of their ends, also the one that was cancelled.
    """

    connection: RouteConnection
    known: Known
    schedule: Schedule
    deadline: float
    report_bug: ReportBug
    held: list[Observation] = field(default_factory=list)

    @property
    def route(self) -> Route:
        """Return the route that is visited."""
        return self.connection.route

    async def ask(self, operations: Sequence[Operation[Facts]]) -> Visit:
        """Hold the operations' conversations. Never raise.

        The second operation uses the connection of the first. If that one is lost, or has no answer soon, the
        second starts on a connection of its own: either alone shows that Onepanel answers. If both are without
        an HTTP answer, no other operation is asked.
        """
        route = self.route
        first, second, others = operations[:1], operations[1:2], operations[2:]
        observations: list[Observation] = []
        async with self.connection, asyncio.TaskGroup() as group:
            begun = [group.create_task(self._run(each)) for each in first]
            if second:
                await asyncio.wait(begun, timeout=head_start(self.schedule))
            observations += [await self._run(each) for each in second]
            observations[:0] = [await each for each in begun]
            for operation in others:
                is_silent = all(seen.last.status == 0 for seen in observations)
                observations.append(
                    Observation(operation.name, route, _SILENT, ())
                    if is_silent
                    else await self._run(operation)
                )
        return Visit(
            route,
            tuple(self.connection.record.connections),
            tuple(observations),
            tuple(self.connection.record.transcripts),
        )

    def cancelled(self) -> SentRequests:
        """Return what was sent, if the visit was cancelled."""
        opened = tuple(self.connection.record.connections)
        return SentRequests({self.route: opened}, tuple(self.held))

    async def _run(self, operation: Operation[Facts]) -> Observation:
        conversation = Conversation(operation, self.known, self.route, self.report_bug)
        try:
            await conversation.hold(self._send)
        finally:
            self.held.append(conversation.observation)
        return conversation.observation

    async def _send(self, request: Request[Value], exchanges: list[Exchange]) -> Reply[Value]:
        return await self.connection.send(request, exchanges, self.deadline)
