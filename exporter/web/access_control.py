"""Who may come in: passwords and TLS as the web configuration file says them now, without a restart."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from aiohttp import web

from exporter.files import FileVersion, file_version
from exporter.web.passwords import Busy, Passwords
from exporter.web.tls import server_context
from exporter.web_config import NO_WEB_CONFIG, WebConfig

_LOOK_SECONDS = 2.0
_THREADS = 2
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="onedata-exporter", charset="UTF-8"'}


class AccessControl:
    """Keeps a door, and looks every few seconds whether the files it was made from have changed.

    `read` reads it anew, raising OSError or ValueError; `note` is told "" of a new door, or why the old one
    stays. `context` is for listening sockets; None for plain HTTP.

    Raises:
        OSError: a file of TLS cannot be used.
    """

    def __init__(
        self,
        config: WebConfig = NO_WEB_CONFIG,
        read: Callable[[], WebConfig] = lambda: NO_WEB_CONFIG,
        note: Callable[[str], None] = lambda _why: None,
    ) -> None:
        self._read = read
        self._note = note
        self._pool = ThreadPoolExecutor(_THREADS, "passwords")
        self._versions = _versions(config)
        self._told = ""
        self._context = server_context(config.tls) if config.tls else None
        self._take(config)

    async def keep(self) -> None:
        """Follow the files until cancelled."""
        try:
            while self._config.files:
                await asyncio.sleep(_LOOK_SECONDS)
                try:
                    await self.look_again()
                except Exception as error:  # noqa: BLE001 - a bug must not end the following of the files
                    self._note(f"unhandled error; please report it: {error!r}")
        finally:
            self._pool.shutdown(wait=False, cancel_futures=True)

    async def look_again(self) -> None:
        """Take a new door over if the files have changed and can be used."""
        versions = await asyncio.to_thread(_versions, self._config)
        if versions == self._versions:
            return
        try:
            config, context = await asyncio.to_thread(self._read_with_context)
        except (OSError, ValueError) as error:
            # It is looked at again, as it may not be the file's own fault: but what is wrong is said once.
            if str(error) != self._told:
                self._told = str(error)
                self._note(self._told)
            return
        self._context = context
        self._take(config)
        self._versions = _versions(config)
        self._told = ""
        self._note("")

    async def authenticate(self, authorization: str) -> None:
        """Let somebody in who says this in the header `Authorization`.

        Raises:
            web.HTTPUnauthorized: no user says this.
            web.HTTPServiceUnavailable: so many ask that the answer would take too long.
        """
        if not self._passwords.wanted:
            return
        try:
            if await self._passwords.accept(authorization):
                return
        except Busy:
            raise web.HTTPServiceUnavailable(
                text="Too many passwords are being compared; come again in a second.\n",
                headers={"Retry-After": "1"},
            ) from None
        raise web.HTTPUnauthorized(text="Say who you are: user name and password.\n", headers=_CHALLENGE)

    def context(self) -> ssl.SSLContext | None:
        """Return the TLS context for new connections; None for plain HTTP."""
        return self._context

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The headers that are to be set on every answer."""
        return self._config.headers

    def _take(self, config: WebConfig) -> None:
        self._config = config
        self._passwords = Passwords(config.users, self._pool)

    def _read_with_context(self) -> tuple[WebConfig, ssl.SSLContext | None]:
        config = self._read()
        if (config.tls is None) is not (self._context is None):
            raise ValueError("tls_server_config: TLS cannot be switched on or off without a restart")
        return config, server_context(config.tls) if config.tls else None


def _versions(config: WebConfig) -> tuple[FileVersion, ...]:
    return tuple(file_version(file) for file in config.files)
