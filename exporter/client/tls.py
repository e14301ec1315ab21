"""SSL contexts, built once for each way of verifying: loading the authorities costs more than a request."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass

from exporter.client.connection_timer import TimedSSLObject
from exporter.files import FileVersion, file_version
from exporter.files.pem import load_key_pair, read_pem
from exporter.targets import TlsOptions


def verifying_context(options: TlsOptions) -> ssl.SSLContext:
    """Return a client context as the target needs it; raise OSError or ssl.SSLError if a file cannot be used."""
    context = ssl.create_default_context(cadata=read_pem(options.ca_file) if options.ca_file else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    context.sslobject_class = TimedSSLObject
    if options.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if options.cert_file:
        load_key_pair(context, read_pem(options.cert_file), read_pem(options.key_file))
    return context


def trustless_context() -> ssl.SSLContext:
    """A context that accepts any certificate, to look at one that was refused; nothing is ever sent over it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


class TlsFilesError(Exception):
    """A file that is needed to verify a target cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class _Built:
    context: ssl.SSLContext
    versions: tuple[FileVersion, ...]


class TlsContexts:
    """The contexts in use, one for each distinct `TlsOptions`; built anew when one of its files changes."""

    def __init__(self, report: Callable[[str, str], None]) -> None:
        self._built: dict[TlsOptions, _Built] = {}
        self._report = report
        self.trustless = trustless_context()

    def keep_only(self, wanted: set[TlsOptions]) -> None:
        """Forget the contexts for all other options."""
        self._built = {options: built for options, built in self._built.items() if options in wanted}

    def get(self, options: TlsOptions) -> ssl.SSLContext:
        """The context for these options. One whose new files cannot be used stays as it was, which is reported.

        Raises:
            TlsFilesError: its files could not be used from the beginning.
        """
        versions = tuple(
            file_version(file) for file in (options.ca_file, options.cert_file, options.key_file)
        )
        built = self._built.get(options)
        if built is None or built.versions != versions:
            built = self._built[options] = _Built(self._rebuild(options, built), versions)
        return built.context

    def _rebuild(self, options: TlsOptions, built: _Built | None) -> ssl.SSLContext:
        try:
            return verifying_context(options)
        except (OSError, ssl.SSLError) as error:
            files = ", ".join(file for file in (options.ca_file, options.cert_file, options.key_file) if file)
            why = getattr(error, "strerror", None) or str(error)
            if built is None:
                raise TlsFilesError(f"cannot use {files}: {why}") from None
            self._report(files, why)
            return built.context
