"""Reloading the configuration: all of it or nothing, one at a time, off the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator

from exporter.log import get_logger
from exporter.settings.conversion import Settings
from exporter.settings.errors import ConfigurationError
from exporter.tasks import HangingReads

RELOAD_SECONDS = 60.0

log = get_logger()


class Reloads:
    """Loads settings again and hands them to `apply`. The first load has happened already, successfully."""

    def __init__(
        self,
        load: Callable[[], Settings],
        apply: Callable[[Settings], Awaitable[None]],
        limit_seconds: float = RELOAD_SECONDS,
    ) -> None:
        self._load = load
        self._apply = apply
        self._reads: HangingReads[Settings] = HangingReads(limit_seconds)
        self._lock = asyncio.Lock()
        self._closed = False
        self.successful = True
        self.succeeded_at = time.time()

    async def reload(self) -> bool:
        """Return whether the new configuration was accepted. Two reloads at once follow one another."""
        async with self._lock:
            try:
                settings = await self._reads.run("configuration", self._load)
            except (ConfigurationError, TimeoutError) as error:
                self.successful = False
                for fault in str(error).splitlines():
                    log.error("configuration rejected, the old one stays in use", fault=fault)  # noqa: TRY400
                return False
            except Exception:
                self.successful = False
                raise
            if self._closed:
                return False
            await self._apply(settings)
            self.successful, self.succeeded_at = True, time.time()
            for warning in settings.warnings:
                log.warning("configuration", warning=warning)
            log.info("configuration reloaded", targets=len(settings.targets))
            return True

    def close(self) -> None:
        """Apply nothing from now on: the exporter stops."""
        self._closed = True


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
