"""Access to the pages: TLS, passwords and the rate limit of the web configuration, which follow its files."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from aiohttp import web

from exporter.files import file_version
from exporter.settings.web_config import NO_WEB_CONFIG, ClientAuth, RateLimit, ServerTls, WebConfig
from exporter.tasks import in_thread
from exporter.web.passwords import Busy, Passwords
from exporter.web.rate_limit import TokenBucket
from exporter.web.tls import server_context

_CHECK_SECONDS = 2.0
_THREADS = 2
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="onedata-exporter", charset="UTF-8"'}
_PROTECTION = (ClientAuth.NONE, ClientAuth.IF_GIVEN, ClientAuth.REQUIRED)


class ServerContext(NamedTuple):
    """TLS for a new connection. `allowed_sans` are the names of which a client must have one; empty: any."""

    context: ssl.SSLContext
    allowed_sans: frozenset[str]


class AccessControl:
    """Applies a web configuration, and checks every few seconds whether the files that it was read from changed.

    `read` reads it again, raising OSError or ValueError. `note` gets the new one, or why the old one stays in
    use.

    Raises:
        OSError: the certificate or its key cannot be used.
    """

    def __init__(
        self,
        config: WebConfig = NO_WEB_CONFIG,
        read: Callable[[], WebConfig] = lambda: NO_WEB_CONFIG,
        note: Callable[[WebConfig | str], None] = lambda _news: None,
    ) -> None:
        self._read = read
        self._note = note
        self._pool = ThreadPoolExecutor(_THREADS, "passwords")
        self._reported = ""
        self._bucket = _bucket(config.rate_limit)
        self._apply(config, _context(config.tls))

    async def keep(self) -> None:
        """Follow the files until cancelled."""
        while self._config.files:
            await asyncio.sleep(_CHECK_SECONDS)
            await self.check()

    def close(self) -> None:
        """Stop comparing passwords."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def check(self) -> None:
        """Apply a new configuration if the files have changed and can be used."""
        try:
            found = await in_thread(self._read_if_changed)
        except (OSError, ValueError) as error:
            # It is read again next time, as the fault may be that of the system; what is wrong is reported once.
            if str(error) != self._reported:
                self._reported = str(error)
                self._note(self._reported)
            return
        self._reported = ""
        if found is not None:
            config, context = found
            if config.rate_limit != self._config.rate_limit:
                self._bucket = _bucket(config.rate_limit)
            self._apply(config, context)
            self._note(config)

    async def authenticate(self, authorization: str) -> None:
        """Accept the value of a request's header `Authorization`, or no value if no passwords are configured.

        Raises:
            web.HTTPUnauthorized: no user has this password.
            web.HTTPServiceUnavailable: so many passwords are being verified that it would take too long.
        """
        if not self._passwords.wanted:
            return
        try:
            if await self._passwords.accept(authorization):
                return
        except Busy:
            raise web.HTTPServiceUnavailable(
                text="Too many authentication attempts in progress; retry in 1 s.\n",
                headers={"Retry-After": "1"},
            ) from None
        raise web.HTTPUnauthorized(text="Authentication required.\n", headers=_CHALLENGE)

    def limit_rate(self) -> None:
        """Count a request.

        Raises:
            web.HTTPTooManyRequests: there were too many.
        """
        seconds = self._bucket.take(time.monotonic()) if self._bucket else 0
        if seconds:
            raise web.HTTPTooManyRequests(
                text=f"Too many requests (rate_limit); retry in {seconds} s.\n",
                headers={"Retry-After": str(seconds)},
            )

    def context(self) -> ServerContext | None:
        """Return the TLS for a new connection; None for plain HTTP."""
        return self._context

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Return the headers to be set on every response."""
        return self._config.headers

    def _apply(self, config: WebConfig, context: ServerContext | None) -> None:
        self._config = config
        self._context = context
        self._passwords = Passwords(config.users, self._pool)

    def _read_if_changed(self) -> tuple[WebConfig, ServerContext | None] | None:
        if all(file_version(file) == version for file, version in self._config.files):
            return None
        config = self._read()
        for what in _lost_protection(self._config, config):
            raise ValueError(f"{what}; to do that, restart the exporter")
        return config, _context(config.tls)


def _context(tls: ServerTls | None) -> ServerContext | None:
    return ServerContext(server_context(tls), tls.allowed_sans) if tls else None


def _bucket(limit: RateLimit | None) -> TokenBucket | None:
    return TokenBucket(limit, time.monotonic()) if limit else None


def _lost_protection(old: WebConfig, new: WebConfig) -> Iterator[str]:
    """Yield what a new configuration would no longer protect: a file that is half written must open nothing."""
    if (old.tls is None) is not (new.tls is None):
        yield f"tls_server_config: TLS cannot be switched {'on' if new.tls else 'off'} by a reload"
    if old.users and not new.users:
        yield "basic_auth_users: passwords cannot be switched off by a reload"
    if old.tls and new.tls:
        if _PROTECTION.index(new.tls.client_auth) < _PROTECTION.index(old.tls.client_auth):
            yield "client_auth_type: less cannot be demanded of clients by a reload"
        if old.tls.client_ca and not new.tls.client_ca:
            yield "client_ca_file: the authorities of clients cannot be removed by a reload"
        if old.tls.allowed_sans and not new.tls.allowed_sans:
            yield "client_allowed_sans: the names of clients cannot be removed by a reload"
