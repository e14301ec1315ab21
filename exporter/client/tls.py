"""SSL contexts, built once for each way of verifying: loading the authorities costs more than a request."""

from __future__ import annotations

import math
import os
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from exporter.client.chains import KnownIntermediates
from exporter.client.timed_tls import TimedSSLObject
from exporter.files import FileVersion, cause, file_version
from exporter.files.pem import load_key_pair, read_pem
from exporter.targets import TlsOptions
from exporter.tasks import HangingReads

_CHECK_SECONDS = 1.0

# The defaults of Python differ: from 3.13 on VERIFY_X509_STRICT refuses private authorities that older ones accept.
_VERIFY_FLAGS = ssl.VERIFY_X509_TRUSTED_FIRST | ssl.VERIFY_X509_PARTIAL_CHAIN


def verifying_context(options: TlsOptions) -> ssl.SSLContext:
    """Return a client context as the target needs it; raise OSError or ssl.SSLError if a file cannot be used.

    The same server is judged alike by every Python. A certificate without alternative names is for no name, as for
    browsers and Go.
    """
    context = ssl.create_default_context(cadata=read_pem(options.ca_file) if options.ca_file else None)
    context.verify_flags = _VERIFY_FLAGS
    context.hostname_checks_common_name = False
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
    """Return a context that accepts any certificate, to read a rejected one; nothing is ever sent over it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


class TlsFilesError(Exception):
    """A file that is needed to verify a target cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class _Built:
    """A context and the versions of its files; None if they could not be used, which `failure` explains."""

    context: ssl.SSLContext | None
    versions: tuple[FileVersion, ...] = ()
    failure: str = ""
    checked: float = -math.inf


class TlsContexts:
    """The contexts in use, one for each distinct `TlsOptions`; built again when one of its files changes.

    The files of the system's trust store are among them, unless the target has a CA file of its own.
    """

    def __init__(self, report: Callable[[str, str], None]) -> None:
        self._built: dict[TlsOptions, _Built] = {}
        self._report = report
        self._reads: HangingReads[_Built] = HangingReads()
        self.trustless = trustless_context()
        self.intermediates = KnownIntermediates()

    def keep_only(self, wanted: set[TlsOptions]) -> None:
        """Forget the contexts for all other options."""
        self._built = {options: built for options, built in self._built.items() if options in wanted}

    def reread(self) -> None:
        """Let every context be built again, also if none of its files seems to have changed."""
        self._built = {
            options: replace(built, versions=(), checked=-math.inf) for options, built in self._built.items()
        }

    async def refresh(self, options: TlsOptions) -> None:
        """Build the context for these options unless it is up to date; check once a second at most.

        A context whose new files cannot be used stays as it was, which is reported.
        """
        now = time.monotonic()
        before = self._built.get(options, _Built(None))
        if now < before.checked + _CHECK_SECONDS:
            return
        try:
            built = await self._reads.run(options, partial(_build, options, before))
        except TimeoutError as error:
            built = replace(before, failure=cause(error))
        if built.failure and built.failure != before.failure and built.context:
            self._report(_names(options), built.failure)
        self._built[options] = replace(built, checked=now)

    def get(self, options: TlsOptions) -> ssl.SSLContext:
        """Return the context for these options, which were refreshed before.

        Raises:
            TlsFilesError: its files could not be used from the beginning.
        """
        built = self._built.get(options, _Built(None, failure="they are not read yet"))
        if built.context is None:
            raise TlsFilesError(f"cannot use {_names(options)}: {built.failure}")
        return built.context


def _build(options: TlsOptions, before: _Built) -> _Built:
    versions = tuple(file_version(file) for file in (*_files(options), *_system_store(options)))
    if before.context is not None and versions == before.versions:
        return before
    try:
        return _Built(verifying_context(options), versions)
    except OSError as error:  # one of TLS, too
        return replace(before, failure=cause(error))


def _files(options: TlsOptions) -> tuple[str, ...]:
    return (options.ca_file, options.cert_file, options.key_file)


def _system_store(options: TlsOptions) -> tuple[str, ...]:
    """Return the file and the folders of the system's authorities, if they are trusted.

    A certificate that is replaced in a folder, under the same name, is found by a reload alone.
    """
    if options.ca_file:
        return ()
    paths = ssl.get_default_verify_paths()
    file = os.environ.get(paths.openssl_cafile_env) or paths.openssl_cafile
    folders = os.environ.get(paths.openssl_capath_env) or paths.openssl_capath
    return (file, *folders.split(os.pathsep))


def _names(options: TlsOptions) -> str:
    return ", ".join(file for file in _files(options) if file) or "the authorities of the system"
