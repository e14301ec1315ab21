"""From an exception to a `Failure`: one table, for everything that can go wrong on the way to an answer."""

from __future__ import annotations

import errno
import ssl
from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from exporter.client.connection_timer import ConnectionTimer, Stage
from exporter.client.forward_proxy import ForwardProxyError
from exporter.client.tls import TlsFilesError
from exporter.operations.responses import sanitize
from exporter.reasons import Failure, Reason

# X509_V_ERR_… of OpenSSL; every other code means that no trusted authority vouches for the certificate.
_VERIFY_REASONS = {
    9: Reason.CERTIFICATE_NOT_YET_VALID,
    10: Reason.CERTIFICATE_EXPIRED,
    62: Reason.CERTIFICATE_NAME_MISMATCH,
    64: Reason.CERTIFICATE_NAME_MISMATCH,
}
_OWN_LIMITS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


def explain(error: Exception, timer: ConnectionTimer, seconds: float) -> Failure | None:
    """The failure that an exception of aiohttp or asyncio stands for; None when it is a bug of ours.

    `seconds` is how long the request was allowed to take.
    """
    if isinstance(error, OSError) and error.errno in _OWN_LIMITS:
        return Failure(Reason.INTERNAL, f"the exporter itself is short of resources: {error.strerror}")
    if isinstance(error, TlsFilesError):
        return Failure(Reason.INTERNAL, sanitize(str(error)))
    for kind, reason in _TABLE:
        if isinstance(error, kind):
            why = reason(error, timer)
            return Failure(
                why, _refused(timer) if why is Reason.CONNECTION_REFUSED else _detail(error, seconds)
            )
    return None


def _timeout(_error: Exception, timer: ConnectionTimer) -> Reason:
    return {
        Stage.RESOLVING: Reason.RESOLVE,
        Stage.CONNECTING: Reason.CONNECT_TIMEOUT,
    }.get(timer.stage, Reason.TIMEOUT)


def _certificate(error: Any, _watch: ConnectionTimer) -> Reason:
    cause = getattr(error, "certificate_error", error)
    return _VERIFY_REASONS.get(getattr(cause, "verify_code", 0), Reason.CERTIFICATE_UNTRUSTED)


def _os_error(error: Any, timer: ConnectionTimer) -> Reason:
    """An operating system's error, by how far the connection had come."""
    if (
        isinstance(getattr(error, "os_error", error), ConnectionRefusedError)
        or error.errno == errno.ECONNREFUSED
    ):
        return Reason.CONNECTION_REFUSED
    amid_handshake = timer.stage is Stage.HANDSHAKING and timer.server_spoke
    if amid_handshake or "[SSL: " in str(error):  # TLS 1.3 may refuse a client afterwards
        return Reason.TLS_HANDSHAKE
    if timer.stage in {Stage.OPEN, Stage.IDLE}:  # IDLE: a connection opened by an earlier request
        return Reason.CONNECTION_LOST
    return Reason.CONNECT_TIMEOUT if error.errno == errno.ETIMEDOUT else Reason.CONNECT


def _always(reason: Reason) -> Callable[[Exception, ConnectionTimer], Reason]:
    return lambda _error, _watch: reason


_TABLE: tuple[tuple[type[Exception], Callable[[Any, ConnectionTimer], Reason]], ...] = (
    (TimeoutError, _timeout),
    (aiohttp.ClientConnectorDNSError, _always(Reason.RESOLVE)),
    (aiohttp.ClientConnectorCertificateError, _certificate),
    (ssl.SSLCertVerificationError, _certificate),
    (aiohttp.ClientConnectorSSLError, _always(Reason.TLS_HANDSHAKE)),
    (ssl.SSLError, _always(Reason.TLS_HANDSHAKE)),
    (aiohttp.ServerDisconnectedError, _always(Reason.CONNECTION_LOST)),
    (aiohttp.ClientPayloadError, _always(Reason.CONNECTION_LOST)),
    (ForwardProxyError, _always(Reason.CONNECT)),
    (aiohttp.ClientHttpProxyError, _always(Reason.CONNECT)),
    (aiohttp.ClientOSError, _os_error),
    (aiohttp.ClientResponseError, _always(Reason.INVALID_BODY)),
    (HttpProcessingError, _always(Reason.INVALID_BODY)),
    (OSError, _os_error),
)


def _refused(timer: ConnectionTimer) -> str:
    """In place of what the system says, which differs with the event loop and the number of addresses."""
    if timer.address is None:
        return "the connection was refused"
    host, port = timer.address
    return f"{f'[{host}]' if ':' in host else host}:{port} refuses connections"


def _detail(error: Any, seconds: float) -> str:
    if isinstance(error, TimeoutError) and not error.errno:
        return f"nothing within {seconds:.3g} s"
    cause = getattr(error, "os_error", None) or getattr(error, "certificate_error", None) or error
    told = (getattr(cause, name, "") for name in ("verify_message", "strerror", "message"))
    text = next((str(each) for each in told if each), "") or str(cause) or _name(cause)
    return sanitize(text.partition("\n")[0]).rstrip(":")


def _name(error: Exception) -> str:
    """What an error without any words is called."""
    return "the connection was closed" if isinstance(error, ConnectionResetError) else type(error).__name__
