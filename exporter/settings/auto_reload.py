"""Reloads without a signal: the files of the configuration are checked at an interval."""

from __future__ import annotations

import asyncio
from functools import partial

from exporter.log import get_logger
from exporter.settings.changes import names_text
from exporter.settings.reload import RELOAD_SECONDS, Reloads
from exporter.settings.watched_files import changed_files
from exporter.tasks import HangingReads

log = get_logger()


class AutoReload:
    """Reloads the configuration when the content of one of its files changes, if `config.auto_reload` is set.

    After a rejected reload, each check tries again: a file that was missing may exist by then.
    """

    def __init__(self, reloads: Reloads, limit_seconds: float = RELOAD_SECONDS) -> None:
        self._reloads = reloads
        self._reads: HangingReads[tuple[str, ...]] = HangingReads(limit_seconds)
        self._fault = ""

    async def run(self) -> None:
        """Check for ever."""
        while True:
            await asyncio.sleep(self._reloads.settings.config.auto_reload_interval)
            await self.check()

    async def check(self) -> None:
        """Reload if a file has changed, or if the last reload was rejected."""
        if not self._reloads.settings.config.auto_reload:
            return
        if not self._reloads.successful:
            await self._reloads.reload(is_retry=True)
        elif changed := await self._changed_files():
            log.info("files of the configuration changed", count=len(changed), files=names_text(changed))
            await self._reloads.reload()

    async def _changed_files(self) -> tuple[str, ...]:
        try:
            changed = await self._reads.run("fingerprints", partial(changed_files, self._reloads.loaded))
        except TimeoutError as error:
            if not self._fault:
                log.error("cannot check the files of the configuration", error=str(error))
            self._fault = str(error)
            return ()
        self._fault = ""
        return changed
