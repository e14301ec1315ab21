"""From an exception to a `Failure`: one table, for everything that can go wrong on the way to an answer."""

from __future__ import annotations

import errno
import ssl
from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from exporter.client.connection_timer import Address, Attempt, ConnectionTimer, Stage
from exporter.client.connector import LostError
from exporter.client.forward_proxy import ForwardProxyError
from exporter.client.tls import TlsFilesError
from exporter.observation import AddressAttempt
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
    """Return the failure that an exception of aiohttp or asyncio stands for; None for a bug of ours.

    `seconds` is how long the request was allowed to take.
    """
    if isinstance(error, LostError) and isinstance(error.__cause__, Exception):
        error = error.__cause__
    if isinstance(error, OSError) and error.errno in _OWN_LIMITS:
        return Failure(Reason.INTERNAL, f"the exporter itself is short of resources: {error.strerror}")
    if isinstance(error, TlsFilesError):
        return Failure(Reason.INTERNAL, sanitize(str(error)))
    for kind, reason in _TABLE:
        if isinstance(error, kind):
            why, detail = reason(error, timer), _detail(error, seconds)
            return _of_addresses(why, detail, timer)
    return None


# Of several addresses that all fail: a refusal is the most informative error, an address that cannot be routed to the
# least.
_TELLING = (Reason.CONNECTION_REFUSED, Reason.CONNECT_TIMEOUT, Reason.CONNECT)


def _of_addresses(reason: Reason, detail: str, timer: ConnectionTimer) -> Failure:
    """Return the failure by what each address of the name answered, if none could be connected to."""
    if reason not in _TELLING or timer.stage is not Stage.CONNECTING or not timer.attempts:
        return Failure(reason, detail)
    if len(timer.attempts) == 1:
        # In place of the system's text, which differs with the event loop.
        refused = reason is Reason.CONNECTION_REFUSED
        return Failure(
            reason, f"{_written(timer.attempts[0].address)} refuses connections" if refused else detail
        )
    by_reason = {_reason_of(each): each for each in reversed(timer.attempts)}
    telling = next(each for each in _TELLING if each in by_reason)
    ordered = sorted(timer.attempts, key=lambda each: _TELLING.index(_reason_of(each)))
    details = (f"{each.address} {each.error}" for each in map(_described, ordered))
    return Failure(telling, sanitize("; ".join(details)))


def _reason_of(attempt: Attempt) -> Reason:
    if attempt.error is None or attempt.error.errno == errno.ETIMEDOUT:
        return Reason.CONNECT_TIMEOUT
    refused = attempt.error.errno == errno.ECONNREFUSED
    return Reason.CONNECTION_REFUSED if refused else Reason.CONNECT


def describe_attempts(timer: ConnectionTimer) -> tuple[AddressAttempt, ...]:
    """Return what each address of the name answered; nothing if it has only one."""
    if timer.addresses == 1 and len(timer.attempts) <= 1:
        return ()
    return tuple(_described(each) for each in timer.attempts)


def describe_address(timer: ConnectionTimer) -> str:
    """Return the address that is connected, else the one tried last; empty if none was tried."""
    return _written(timer.address) if timer.address else ""


def _described(attempt: Attempt) -> AddressAttempt:
    if attempt.is_connected:
        error = ""
    elif attempt.error is None:
        error = "did not answer"
    elif attempt.error.errno == errno.ECONNREFUSED:
        error = "refuses connections"
    else:
        error = sanitize(attempt.error.strerror or type(attempt.error).__name__)
    return AddressAttempt(_written(attempt.address), error)


def _written(address: Address) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _timeout(_error: Exception, timer: ConnectionTimer) -> Reason:
    return {
        Stage.RESOLVING: Reason.RESOLVE,
        Stage.CONNECTING: Reason.CONNECT_TIMEOUT,
    }.get(timer.stage, Reason.TIMEOUT)


def _certificate(error: Exception, timer: ConnectionTimer) -> Reason:
    cause = getattr(error, "certificate_error", error)
    timer.verify_code = getattr(cause, "verify_code", 0)
    return _VERIFY_REASONS.get(timer.verify_code, Reason.CERTIFICATE_UNTRUSTED)


def _os_error(error: OSError, timer: ConnectionTimer) -> Reason:
    """Return what an operating system's error means, by how far the connection had come."""
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


def _detail(error: Exception, seconds: float) -> str:
    if isinstance(error, TimeoutError) and not error.errno:
        return f"nothing within {seconds:.3g} s"
    cause = getattr(error, "os_error", None) or getattr(error, "certificate_error", None) or error
    candidates = (getattr(cause, name, "") for name in ("verify_message", "strerror", "message"))
    text = next((str(each) for each in candidates if each), "") or str(cause) or _name(cause)
    return sanitize(text.partition("\n")[0]).rstrip(":")


def _name(error: Exception) -> str:
    """Return what an error without any words is called."""
    return "the connection was closed" if isinstance(error, ConnectionResetError) else type(error).__name__


def forget_frames(error: BaseException) -> None:
    """Drop the tracebacks of an exception, and of those that it was raised for: each one holds the frames of all."""
    left: list[BaseException | None] = [error]
    while left:
        each = left.pop()
        if each is not None and each.__traceback__ is not None:
            each.__traceback__ = None
            left += [each.__cause__, each.__context__]
