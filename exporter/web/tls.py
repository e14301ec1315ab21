"""TLS towards clients, with files that may change while the exporter runs."""

from __future__ import annotations

import ssl
import time
import weakref
from typing import Any

from exporter.web_config import ClientAuth, ServerTls, TlsVersion

HANDSHAKE_SECONDS = 10.0
_MOST_HANDSHAKES = 128
_VERSIONS = {TlsVersion.TLS12: ssl.TLSVersion.TLSv1_2, TlsVersion.TLS13: ssl.TLSVersion.TLSv1_3}
_VERIFY_MODES = {
    ClientAuth.NONE: ssl.CERT_NONE,
    ClientAuth.IF_GIVEN: ssl.CERT_OPTIONAL,
    ClientAuth.REQUIRED: ssl.CERT_REQUIRED,
}


def server_context(tls: ServerTls) -> ssl.SSLContext:
    """A context as the door wants it.

    Raises:
        OSError: a file cannot be used; ssl.SSLError is one, too.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[tls.min_version]
    context.maximum_version = _VERSIONS[tls.max_version]
    # Without a passphrase of our own OpenSSL would ask for one on the terminal.
    context.load_cert_chain(tls.cert_file, tls.key_file, password=lambda: "-")
    if tls.client_ca_file:
        context.load_verify_locations(cafile=tls.client_ca_file)
    context.verify_mode = _VERIFY_MODES[tls.client_auth]
    if tls.ciphers:
        context.set_ciphers(":".join(tls.ciphers))
    if not tls.prefer_server_ciphers:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    return context


class Refused(ssl.SSLObject):
    """The server's side of a connection that fails at once: asyncio and uvloop then close it."""

    def do_handshake(self) -> None:
        """Do nothing but fail."""
        raise ssl.SSLError("too many TLS handshakes go on at once")


class CurrentContext(ssl.SSLContext):
    """What a listening socket is given: every new connection gets the context that is `current` then.

    So many handshakes may go on at once: only after its handshake a connection is one of the crowd, and those
    who never come to an end with theirs would use up all descriptors.
    """

    current: ssl.SSLContext
    refusing: ssl.SSLContext
    begun: list[tuple[float, weakref.ref[ssl.SSLObject]]]

    def wrap_bio(self, *arguments: Any, **options: Any) -> ssl.SSLObject:
        """Begin TLS on a connection; called by asyncio and uvloop for each."""
        now = time.monotonic()
        self.begun = [
            (at, made) for at, made in self.begun if now < at + HANDSHAKE_SECONDS and _goes_on(made)
        ]
        if len(self.begun) >= _MOST_HANDSHAKES:
            return self.refusing.wrap_bio(*arguments, **options)
        made = self.current.wrap_bio(*arguments, **options)
        self.begun.append((now, weakref.ref(made)))
        return made


def _goes_on(made: weakref.ref[ssl.SSLObject]) -> bool:
    tls = made()
    return tls is not None and tls.version() is None


def changeable(current: ssl.SSLContext) -> CurrentContext:
    """A context for listening sockets whose `current` may be replaced at any time."""
    context = CurrentContext(ssl.PROTOCOL_TLS_SERVER)
    context.current = current
    context.refusing = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.refusing.sslobject_class = Refused
    context.begun = []
    return context
