"""The file of `web.config_file`, in the format of Prometheus' own web configuration."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from exporter.settings.ciphers import openssl_names
from exporter.settings.errors import ConfigError, ConfigurationError
from exporter.settings.sources import read_file
from exporter.settings.validation import find_all
from exporter.settings.web_keys import TlsServerConfig, WebFile
from exporter.web_config import ClientAuth, ServerTls, WebConfig


def read_web_config(file: str) -> WebConfig:
    """The door that a file describes; file names in it are relative to its directory.

    Raises:
        ConfigurationError: with everything that is wrong.
    """
    source = read_file(Path(file))
    if source.faults:
        raise ConfigurationError(source.faults)
    try:
        keys = WebFile.model_validate(source.values)
    except ValidationError as error:
        findings = find_all(error, WebFile)
        raise ConfigurationError(
            ConfigError(source.name, source.spell(each.path), each.message) for each in findings
        ) from None
    tls = keys.tls_server_config
    return WebConfig(
        tls=_tls(tls) if tls else None,
        headers=tuple((name.value, value) for name, value in keys.http_server_config.headers.items()),
        users=tuple(keys.basic_auth_users.items()),
        files=(file, *((tls.cert_file, tls.key_file, tls.client_ca_file) if tls else ())),
    )


def _tls(keys: TlsServerConfig) -> ServerTls:
    return ServerTls(
        cert_file=keys.cert_file,
        key_file=keys.key_file,
        client_ca_file=keys.client_ca_file,
        client_auth=ClientAuth[keys.client_auth_type.name],
        min_version=keys.min_version,
        max_version=keys.max_version,
        ciphers=openssl_names(keys.cipher_suites),
        prefer_server_ciphers=keys.prefer_server_cipher_suites,
    )
