"""The file of `web.config_file`, in the format of Prometheus' own web configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from exporter.files import file_version
from exporter.settings.ciphers import openssl_names
from exporter.settings.errors import ConfigError, ConfigurationError
from exporter.settings.sources import read_file
from exporter.settings.tls_server_keys import openssl_curve
from exporter.settings.validation import find_all
from exporter.settings.web_config import ClientAuth, RateLimit, ServerTls, TlsVersion, WebConfig
from exporter.settings.web_keys import WebFile
from exporter.settings.web_values import hash_warning

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from exporter.settings.tls_server_keys import TlsServerConfig

_FILES = ("cert_file", "key_file", "client_ca_file")


def read_web_config(file: str) -> WebConfig:
    """Return the web configuration that a file describes; file names in it are relative to its directory.

    An empty file is valid: plain HTTP without passwords.

    Raises:
        ConfigurationError: with everything that is wrong.
    """
    version = file_version(file)
    source = read_file(Path(file), may_be_empty=True)
    if source.faults:
        raise ConfigurationError(source.faults)
    versions = tuple((each, file_version(each)) for each in _files(source.values))
    try:
        keys = WebFile.model_validate(source.values)
    except ValidationError as error:
        findings = find_all(error, WebFile)
        raise ConfigurationError(
            ConfigError(source.name, source.spell(each.path), each.message) for each in findings
        ) from None
    limit = keys.rate_limit
    return WebConfig(
        tls=_tls(keys.tls_server_config) if keys.tls_server_config else None,
        headers=tuple(
            (name.value, value) for name, value in keys.http_server_config.headers.items() if value
        ),
        users=tuple(keys.basic_auth_users.items()),
        rate_limit=RateLimit(limit.interval, limit.burst) if limit.interval else None,
        files=((file, version), *versions),
        warnings=tuple(f"{file}: {each}" for each in _warnings(source.values, keys)),
    )


def _files(values: Mapping[str, object]) -> Iterable[str]:
    """Return the names of all files that the values name, of whatever else they consist."""
    tls = values.get("tls_server_config")
    named = [tls.get(key) for key in _FILES] if isinstance(tls, dict) else []
    return [each for each in named if isinstance(each, str) and each]


def _warnings(values: Mapping[str, object], keys: WebFile) -> Iterator[str]:
    if not values:
        yield "is empty: the pages are served over plain HTTP, without passwords"
    for user, hashed in keys.basic_auth_users.items():
        if warning := hash_warning(user, hashed):
            yield warning


def _tls(keys: TlsServerConfig) -> ServerTls:
    ciphers = openssl_names(keys.cipher_suites)
    # TLS 1.2 without any suite of its own is disabled.
    only_newest = bool(keys.cipher_suites) and not ciphers
    return ServerTls(
        certificate=keys.certificate_pem,
        key=keys.key_pem,
        client_ca=keys.client_ca_pem,
        client_auth=ClientAuth[keys.client_auth_type.name],
        allowed_sans=frozenset(keys.client_allowed_sans or ()),
        min_version=TlsVersion.TLS13 if only_newest else keys.min_version,
        max_version=keys.max_version,
        ciphers=ciphers,
        curve=openssl_curve(keys.curve_preferences),
        prefer_server_ciphers=keys.prefer_server_cipher_suites,
    )
