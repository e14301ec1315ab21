"""Wiring: the only place that knows all the parts. Starts them, connects them, reloads them, stops them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from typing import Self

from exporter.client.client import Client
from exporter.client.rejections import Rejections
from exporter.diagnosis.checkup import Checkup
from exporter.exposition.page import Exposition
from exporter.exposition.views import ExporterView
from exporter.log import get_logger, report_loop_errors
from exporter.operations import TIMED_OPERATIONS
from exporter.polling.discoverer import Configured
from exporter.polling.log_events import log_history_fault, log_web_config
from exporter.polling.loop_lag import measure_lag
from exporter.polling.polling import Polling
from exporter.polling.rounds import FreshRound, FreshRounds
from exporter.polling.slots import Slots
from exporter.settings.auto_reload import AutoReload
from exporter.settings.conversion import Settings
from exporter.settings.reload import Reloads, differences
from exporter.settings.watched_files import Loaded
from exporter.settings.web_config import ListenAddress
from exporter.settings.web_config_file import read_web_config
from exporter.state.history_writer import HistoryWriter
from exporter.state.incidents import Incidents
from exporter.state.store import Store
from exporter.targets import Target
from exporter.tasks import run_in_background
from exporter.version import PYTHON_VERSION, __version__, revision
from exporter.web.access_control import AccessControl
from exporter.web.app import create_app, create_health_app
from exporter.web.app_context import AppContext
from exporter.web.listening import listen
from exporter.web.probing import Prober
from exporter.web.readiness import Phase, Readiness

log = get_logger()


class Exporter:
    """The running exporter: an asynchronous context manager that serves before it polls.

    `load` reads the settings for a reload; `fingerprints` are those of its files. Entering may raise OSError.
    """

    def __init__(
        self,
        settings: Settings,
        load: Callable[[], Settings] | None = None,
        fingerprints: Mapping[str, bytes] | None = None,
    ) -> None:
        self._stack = AsyncExitStack()
        self._polling: Polling | None = None
        self._slots = Slots(settings.poll.max_concurrency)
        self._reloads = Reloads(Loaded(settings, fingerprints or {}), load or (lambda: settings), self._apply)
        self.store = Store(TIMED_OPERATIONS, settings.latency_buckets, settings.history.retention)
        self.store.set_targets(settings.targets)
        self._readiness = Readiness(lambda: self._polling.dead if self._polling else 0)
        self.incidents = Incidents()
        self._history_writer: HistoryWriter | None = None
        self._rejections = Rejections()
        self._fresh_rounds = FreshRounds(self.report_bug, self._rejections)
        self._app_context = AppContext(
            store=self.store,
            exposition=Exposition(self._view),
            report_bug=self.report_bug,
            readiness=self._readiness,
            prober=Prober(self._fresh_round),
            access_control=AccessControl(
                settings.web_config, lambda: read_web_config(settings.web.config_file), log_web_config
            ),
            incidents=self.incidents,
            links=settings.web.links,
            external_url=settings.web.external_url,
            telemetry_path=settings.web.telemetry_path,
            prefix=settings.web.route_prefix,
            allowed_hosts=frozenset(settings.web.allowed_hosts),
            reload=self.reload if settings.web.enable_lifecycle else None,
            record_round=self._record_round,
            faults=self._faults,
        )
        self.web_app = create_app(self._app_context)
        self.addresses: list[ListenAddress] = []

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            report_loop_errors(asyncio.get_running_loop(), self.report_bug)
            # Before the first listener: a request may reload the configuration at once.
            await self._open_history(stack)
            cancelled = self.store.count_sent
            self._client = Client(self.report_bug, rejections=self._rejections, count_cancelled=cancelled)
            stack.push_async_callback(self._client.close)
            await self._listen(stack)
            await self._start_polling(stack)
            measure = partial(measure_lag, self._note_lag, self._reloads.settings.poll.interval)
            run_in_background(stack, measure, self.report_bug)
            run_in_background(stack, AutoReload(self._reloads).run, self.report_bug)
            self._stack = stack.pop_all()
        self._readiness.phase = Phase.SERVING
        return self

    async def __aexit__(self, *error: object) -> None:
        self._reloads.close()
        await self._readiness.drain()
        await self._stack.aclose()

    async def reload(self) -> bool:
        """Reload the configuration. Reject an invalid one, with every fault in the log, and keep the one in use."""
        return await self._reloads.reload()

    async def _open_history(self, stack: AsyncExitStack) -> None:
        """Continue the history of an earlier process, if it is kept in a file."""
        if not self._reloads.settings.history.file:
            return
        self._history_writer = HistoryWriter(
            self.store, self.incidents, self._reloads.settings.history.file, log_history_fault
        )
        await self._history_writer.open()
        stack.push_async_callback(self._history_writer.close)
        run_in_background(stack, self._history_writer.run, self.report_bug)

    async def _listen(self, stack: AsyncExitStack) -> None:
        stack.push_async_callback(self._fresh_rounds.close)
        stack.callback(self._app_context.access_control.close)
        run_in_background(stack, self._app_context.access_control.keep, self.report_bug)
        web, context = self._reloads.settings.web, self._app_context.access_control.context
        bound = await listen(stack, self.web_app, web.listen_addresses, context)
        self.addresses = [address for address in bound if isinstance(address, ListenAddress)]
        for address in bound:
            log.info("listening", tls=context() is not None, address=str(address))
        if web.health_address is not None:
            for address in await listen(stack, create_health_app(self._app_context), [web.health_address]):
                log.info("listening for health checks", address=str(address))

    async def _start_polling(self, stack: AsyncExitStack) -> None:
        self._polling = Polling(self._client, self.store, self.incidents, self._slots, self.report_bug)
        self._polling.start(stack, self._accept)
        await self._set_targets()

    async def _apply(self, old: Settings, settings: Settings) -> None:
        """Apply new settings in one step, so that no round, page or scrape sees half of them."""
        for key in differences(old, settings):
            log.warning("changed in the configuration, but takes effect only at the next start", key=key)
        self._slots.resize(settings.poll.max_concurrency)
        self._client.reread_trust()
        self._fresh_rounds.reread_trust()
        await self._set_targets()

    async def _set_targets(self) -> None:
        settings = self._reloads.settings
        configured = Configured(settings.targets, settings.all_targets, settings.shard.holds)
        if self._polling:
            await self._polling.set_targets(configured)

    def _accept(self, targets: tuple[Target, ...]) -> None:
        """Keep what belongs to these targets: in one step, so that no round, page or scrape sees half of them."""
        self.store.set_targets(targets)
        self.incidents.keep_targets((target.name for target in targets), time.time())
        self._client.keep_only((*targets, *self._reloads.settings.all_targets))
        self._fresh_rounds.keep_only(targets)

    def report_bug(self, where: str, error: BaseException) -> None:
        """Count and log an unexpected exception."""
        self.store.unhandled_errors[where] += 1
        log.error("unhandled error; please report it", where=where, exc_info=error)

    def _note_lag(self, seconds: float) -> None:
        self.store.event_loop_lag = seconds

    async def _fresh_round(self, target: Target, seconds: float) -> FreshRound:
        return await self._fresh_rounds.take(target, seconds, self.store.membership(target))

    def _record_round(self, checkup: Checkup) -> None:
        if self._polling:
            self._polling.record(checkup)

    def _faults(self) -> tuple[str, ...]:
        """Return what is wrong with the exporter itself, for the pages."""
        fault = self._history_writer.fault if self._history_writer else ""
        history = f"History: {fault}." if fault else ""
        return tuple(filter(None, (self._reloads.fault, history)))

    def _view(self) -> ExporterView:
        return ExporterView(
            store=self.store,
            version=__version__,
            revision=revision(),
            python_version=PYTHON_VERSION,
            reload_successful=self._reloads.successful,
            reloaded_at=self._reloads.succeeded_at,
            shard=self._reloads.settings.shard,
        )
