"""Wiring: the only place that knows all the parts. Starts them, connects them, stops them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Self

from aiohttp import web

from exporter.checkup import Checkup
from exporter.client.client import Client
from exporter.exposition import Exposition
from exporter.files import read_note
from exporter.lag import measure_lag
from exporter.log import get_logger
from exporter.observation import Details, Observation
from exporter.operations import PUBLIC_OPERATIONS
from exporter.operations.component_status import ComponentStatus
from exporter.poller import DETAILS, ROUNDS, Poller, Slots
from exporter.rounds import Rounds
from exporter.settings import Settings
from exporter.store import DiagnosisChange, Store, TargetState
from exporter.targets import AccessPath, Route, Target
from exporter.version import PYTHON_VERSION, __version__, revision
from exporter.views import ExporterView
from exporter.web.app import create_app

log = get_logger()


class Exporter:
    """The running exporter: an asynchronous context manager that serves before it polls.

    Entering raises OSError when an address cannot be listened on.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loaded_at = time.time()
        self._stack = AsyncExitStack()
        self.store = Store(PUBLIC_OPERATIONS, settings.latency_buckets)
        self.store.set_targets(settings.targets)
        self.web_app = create_app(
            store=self.store,
            exposition=Exposition(self._view),
            telemetry_path=settings.web.telemetry_path,
            report_bug=self.report_bug,
        )
        self.addresses: list[tuple[str, int]] = []

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            asyncio.get_running_loop().set_exception_handler(self._loop_error)
            await self._listen(stack)
            client = Client(self.report_bug)
            stack.push_async_callback(client.close)
            self._rounds = Rounds(client)
            slots = Slots(self._settings.poll.max_concurrency)
            for look, pace, skipped in (
                (self._look, ROUNDS, self._skipped),
                (self._look_closer, DETAILS, _no_matter),
            ):
                poller = Poller(look, pace, slots, skipped, self.report_bug)
                stack.push_async_callback(poller.stop)
                poller.set_targets(self._settings.targets)
            lag = asyncio.create_task(measure_lag(self._note_lag, self._settings.poll.interval))
            stack.callback(lag.cancel)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    async def _listen(self, stack: AsyncExitStack) -> None:
        runner = web.AppRunner(self.web_app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        for host, port in self._settings.web.listen_addresses:
            await web.TCPSite(runner, host or None, port).start()
        self.addresses = [address[:2] for address in runner.addresses]
        for host, port in self.addresses:
            log.info("listening", address=f"[{host}]:{port}" if ":" in host else f"{host}:{port}")

    async def _look(self, target: Target) -> None:
        """One round of one target, from asking to the log line of what changed."""
        state = self.store.state(target.name)
        if state is None:
            return
        state.maintenance_note = read_note(target.maintenance_file) if target.maintenance_file else None
        checkup = await self._rounds.take(target, state.checkup)
        # Details may have come in while the round ran.
        checkup = replace(checkup, details=state.fresh_details(time.monotonic()))
        _log_requests(target, [seen for visit in checkup.visits.values() for seen in visit.observations])
        for change in self.store.record(checkup, time.monotonic()):
            _log_change(change, checkup)

    async def _look_closer(self, target: Target) -> None:
        """One round of the slower operations, which need to know what a round before them saw."""
        state = self.store.state(target.name)
        if state is None:
            return
        await state.looked_at.wait()
        if state.checkup is None:
            return
        details = await self._rounds.take_details(target, state.checkup)
        _log_requests(target, details.observations)
        self._note_words(state, details)
        self.store.record_details(target, details, time.monotonic())

    def _note_words(self, state: TargetState, details: Details) -> None:
        """Words of the server that we do not know are logged once."""
        for seen in details.observations:
            if isinstance(seen.outcome, ComponentStatus):
                for word in sorted(seen.outcome.unrecognised - state.words_logged):
                    state.words_logged.add(word)
                    log.warning("unknown status, shown as `unknown`", target=state.target.name, status=word)

    def _skipped(self, target: Target) -> None:
        self.store.skip(target.name)
        log.debug("round skipped, the one before still ran", target=target.name)

    def report_bug(self, where: str, error: BaseException) -> None:
        """Count and log an exception that nobody expected."""
        self.store.unhandled_errors[where] += 1
        log.error("unhandled error; please report it", where=where, exc_info=error)

    def _loop_error(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self.report_bug(
            "loop", error if isinstance(error, BaseException) else RuntimeError(context["message"])
        )

    def _note_lag(self, seconds: float) -> None:
        self.store.event_loop_lag = seconds

    def _view(self) -> ExporterView:
        return ExporterView(
            store=self.store,
            version=__version__,
            revision=revision(),
            python_version=PYTHON_VERSION,
            reload_successful=True,
            reloaded_at=self._loaded_at,
        )


def _no_matter(_target: Target) -> None:
    """Rounds of details that were left out are not counted: their age shows."""


def _log_requests(target: Target, observations: Iterable[Observation]) -> None:
    """Every request, at debug level."""
    if not log.is_enabled_for(logging.DEBUG):
        return
    for seen in observations:
        for exchange in seen.exchanges:
            log.debug(
                "request",
                **_labels(target, exchange.route.node),
                path=exchange.route.path.value,
                operation=seen.operation,
                status=exchange.status,
                seconds=None if exchange.seconds is None else round(exchange.seconds, 6),
                result=str(exchange.failure or "ok"),
            )


def _log_change(change: DiagnosisChange, checkup: Checkup) -> None:
    """One line when a diagnosis changed: from, to, why (what each path said), and since when the old one held."""
    failures = {path: checkup.failure(Route(path, change.node)) for path in AccessPath}
    since = datetime.fromtimestamp(checkup.finished_at - (change.lasted or 0), UTC)
    log.info(
        "diagnosis changed",
        **_labels(change.target, change.node),
        **{"from": change.before.value, "to": change.after.value},
        reason=next((failure.reason.value for failure in failures.values() if failure), "none"),
        since=since.isoformat(timespec="seconds"),
        **{path.value: str(failure or "ok") for path, failure in failures.items()},
    )


def _labels(target: Target, node: str) -> dict[str, str]:
    return {"target": target.name, **({"node": node} if node else {})}
