"""Reloading the configuration: all of it or nothing, one at a time, off the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

from exporter.log import get_logger
from exporter.settings.changes import Changes, changes_between, names_text
from exporter.settings.conversion import Settings
from exporter.settings.errors import ConfigurationError
from exporter.settings.watched_files import Loaded, load_with_fingerprints
from exporter.tasks import HangingReads

RELOAD_SECONDS = 60.0
# Targets with the same changed keys share a line of the log.
_MOST_LINES = 20

log = get_logger()


class Reloads:
    """Loads settings again and hands the old and the new ones to `apply`.

    `loaded` are the settings in use.
    """

    def __init__(
        self,
        loaded: Loaded,
        load: Callable[[], Settings],
        apply: Callable[[Settings, Settings], Awaitable[None]],
        limit_seconds: float = RELOAD_SECONDS,
    ) -> None:
        self.loaded = loaded
        self._load = load
        self._apply = apply
        self._reads: HangingReads[Loaded] = HangingReads(limit_seconds)
        self._faults = ""
        self._lock = asyncio.Lock()
        self._closed = False
        self.successful = True
        self.succeeded_at = time.time()

    @property
    def settings(self) -> Settings:
        """The settings in use."""
        return self.loaded.settings

    @property
    def fault(self) -> str:
        """What is wrong with the configuration file, for the pages; empty if nothing is."""
        if self.successful:
            return ""
        return (
            "The configuration file is invalid: the last reload was rejected, and the previous configuration "
            "stays in use. The log lists the faults."
        )

    async def reload(self, *, is_retry: bool = False) -> bool:
        """Return whether the new configuration was accepted. Two reloads at once follow one another.

        A retry logs the faults only if they are others than those of the last attempt.
        """
        async with self._lock:
            try:
                loaded = await self._reads.run(
                    "configuration", partial(load_with_fingerprints, self._load, self.loaded.fingerprints)
                )
            except (ConfigurationError, TimeoutError) as error:
                self._reject(str(error), is_retry=is_retry)
                return False
            except Exception:
                self.successful = False
                raise
            if self._closed:
                return False
            old, self.loaded = self.settings, loaded
            await self._apply(old, self.settings)
            self.successful, self.succeeded_at = True, time.time()
            _log_reload(changes_between(old, self.settings), self.settings)
            return True

    def _reject(self, faults: str, *, is_retry: bool) -> None:
        self.successful = False
        if not (is_retry and faults == self._faults):
            for fault in faults.splitlines():
                log.error("configuration rejected, the old one stays in use", fault=fault)
        self._faults = faults

    def close(self) -> None:
        """Apply nothing from now on: the exporter stops."""
        self._closed = True


def _log_reload(changes: Changes, settings: Settings) -> None:
    for message, names in (("targets added", changes.added), ("targets removed", changes.removed)):
        if names:
            log.info(message, count=len(names), names=names_text(names))
    for keys, names in changes.changed[:_MOST_LINES]:
        log.info("targets changed", count=len(names), names=names_text(names), keys=", ".join(keys))
    if changes.keys:
        log.info("settings changed", keys=", ".join(changes.keys))
    for warning in settings.warnings:
        log.warning("configuration", warning=warning)
    log.info(
        "configuration reloaded",
        targets=len(settings.targets),
        added=len(changes.added),
        removed=len(changes.removed),
        changed=sum(len(names) for _, names in changes.changed),
    )


def differences(old: Settings, new: Settings) -> Iterator[str]:
    """Yield the keys whose change cannot take effect while the exporter runs."""
    pairs = {
        "latency_buckets": (old.latency_buckets, new.latency_buckets),
        "history": (old.history, new.history),
        "log": (old.log, new.log),
        **{
            f"web.{key}": (getattr(old.web, key), getattr(new.web, key)) for key in type(old.web).model_fields
        },
    }
    yield from (key for key, (before, after) in pairs.items() if before != after)
