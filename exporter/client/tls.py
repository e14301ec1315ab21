"""SSL contexts, built once for each way of verifying: loading the authorities costs more than a request."""

from __future__ import annotations

import ssl

from exporter.client.watch import WatchedSSLObject
from exporter.targets import TlsOptions


def verifying_context(options: TlsOptions) -> ssl.SSLContext:
    """A client context as the target wants it; raises OSError or ssl.SSLError when a file cannot be used."""
    context = ssl.create_default_context(cafile=options.ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    context.sslobject_class = WatchedSSLObject
    if options.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if options.cert_file:
        context.load_cert_chain(options.cert_file, options.key_file or None)
    return context


def trustless_context() -> ssl.SSLContext:
    """A context that accepts any certificate, to look at one that was refused; nothing is ever sent over it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


class TlsContexts:
    """The contexts in use, one for each distinct `TlsOptions`."""

    def __init__(self) -> None:
        self._contexts: dict[TlsOptions, ssl.SSLContext] = {}
        self.trustless = trustless_context()

    def get(self, options: TlsOptions) -> ssl.SSLContext:
        """The context for these options, built at first use."""
        context = self._contexts.get(options)
        if context is None:
            context = self._contexts[options] = verifying_context(options)
        return context
