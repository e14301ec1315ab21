"""The keys of Prometheus' own web configuration: TLS, headers, passwords.

A key of that format that cannot be honoured is refused by name: a door that is less closed than its file says
would be worse than none.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from exporter.settings.certificates import check_ca_file, check_key_pair, check_readable
from exporter.settings.ciphers import check_cipher_suite, openssl_names
from exporter.settings.model import Keys
from exporter.web_config import TlsVersion

_BCRYPT = re.compile(r"\$2[aby]\$(?P<cost>[0-9]{2})\$[./A-Za-z0-9]{53}")
_LOWEST_COST, _HIGHEST_COST = 4, 14
_TOO_OLD = ("TLS10", "TLS11")
_ONLY_VALUES = {"X-Content-Type-Options": ("nosniff",), "X-Frame-Options": ("deny", "sameorigin")}


class ClientAuthType(StrEnum):
    """Go's names of what is asked of clients, as far as Python's TLS can do it."""

    NONE = "NoClientCert"
    IF_GIVEN = "VerifyClientCertIfGiven"
    REQUIRED = "RequireAndVerifyClientCert"


class HeaderName(StrEnum):
    """The headers that may be set."""

    CONTENT_SECURITY_POLICY = "Content-Security-Policy"
    STRICT_TRANSPORT_SECURITY = "Strict-Transport-Security"
    X_CONTENT_TYPE_OPTIONS = "X-Content-Type-Options"
    X_FRAME_OPTIONS = "X-Frame-Options"
    X_XSS_PROTECTION = "X-XSS-Protection"


def _check_client_auth(value: object) -> object:
    if value in {"RequestClientCert", "RequireAnyClientCert"}:
        raise ValueError("asks for certificates without verifying them, which Python's TLS cannot")
    return value


def _check_version(value: object) -> object:
    if value in _TOO_OLD:
        raise ValueError("is broken: only TLS12 and TLS13 are spoken")
    return value


def _check_hash(text: str) -> str:
    match = _BCRYPT.fullmatch(text)
    if match is None:
        raise ValueError("must be a bcrypt hash, as from: htpasswd -nBC 10 NAME")
    if not _LOWEST_COST <= int(match["cost"]) <= _HIGHEST_COST:
        raise ValueError(
            f"the cost of the hash must be between {_LOWEST_COST} and {_HIGHEST_COST}: each step doubles the work"
        )
    return text


def _check_user(name: str) -> str:
    if not name or ":" in name or not name.isprintable():
        raise ValueError("the name of a user must be printable text without ':'")
    return name


def _check_header(value: str) -> str:
    if not value or not value.isascii() or not value.isprintable():
        raise ValueError("must be printable ASCII text")
    return value


def _refuse(reason: str) -> Any:
    def refuse(_value: object) -> None:
        raise ValueError(reason)

    return Annotated[None, BeforeValidator(refuse)]


Version = Annotated[TlsVersion, BeforeValidator(_check_version)]
HeaderValue = Annotated[str, AfterValidator(_check_header)]


class TlsServerConfig(Keys):
    """TLS towards clients."""

    cert_file: Annotated[str, AfterValidator(check_readable)]
    key_file: Annotated[str, AfterValidator(check_readable)]
    client_auth_type: Annotated[ClientAuthType, BeforeValidator(_check_client_auth)] = ClientAuthType.NONE
    client_ca_file: Annotated[str, AfterValidator(check_ca_file)] = ""
    min_version: Version = TlsVersion.TLS12
    max_version: Version = TlsVersion.TLS13
    cipher_suites: tuple[Annotated[str, AfterValidator(check_cipher_suite)], ...] = ()
    prefer_server_cipher_suites: bool = True
    client_allowed_sans: _refuse("is not supported: use client_ca_file with a CA of its own") = None  # type: ignore[valid-type]  # made by a function
    curve_preferences: _refuse("cannot be chosen with Python's TLS; leave it out") = None  # type: ignore[valid-type]  # likewise

    @field_validator("key_file")
    @classmethod
    def _matches(cls, key_file: str, info: ValidationInfo) -> str:
        if "cert_file" in info.data:
            check_key_pair(info.data["cert_file"], key_file, "tls_server_config")
        return key_file

    @field_validator("max_version")
    @classmethod
    def _not_below(cls, highest: TlsVersion, info: ValidationInfo) -> TlsVersion:
        if highest < info.data.get("min_version", highest):
            raise ValueError("is lower than min_version")
        return highest

    @field_validator("client_ca_file")
    @classmethod
    def _used(cls, file: str, info: ValidationInfo) -> str:
        if file and info.data.get("client_auth_type") is ClientAuthType.NONE:
            raise ValueError("has no effect without a client_auth_type that verifies certificates")
        return file

    @field_validator("cipher_suites")
    @classmethod
    def _usable(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if names and not openssl_names(names) and info.data.get("min_version") is TlsVersion.TLS12:
            raise ValueError("has no suite of TLS 1.2; if that is not to be spoken, set min_version: TLS13")
        return names

    @model_validator(mode="after")
    def _verifies_against_something(self) -> Self:
        if self.client_auth_type is not ClientAuthType.NONE and not self.client_ca_file:
            raise ValueError("client_auth_type needs client_ca_file, too")
        return self


class HttpServerConfig(Keys):
    """HTTP towards clients."""

    http2: bool = False
    headers: dict[HeaderName, HeaderValue] = Field({})

    @field_validator("http2")
    @classmethod
    def _only_http1(cls, wanted: bool) -> bool:  # noqa: FBT001 - pydantic's way
        if wanted:
            raise ValueError("is not spoken: leave it out, or set it to false")
        return wanted

    @field_validator("headers")
    @classmethod
    def _known_values(cls, headers: dict[HeaderName, str]) -> dict[HeaderName, str]:
        for name, value in headers.items():
            allowed = _ONLY_VALUES.get(name)
            if allowed and value.lower() not in allowed:
                raise ValueError(f"{name} must be {' or '.join(allowed)}")
        return headers


class WebFile(Keys):
    """The top of the file."""

    tls_server_config: TlsServerConfig | None = None
    http_server_config: HttpServerConfig = HttpServerConfig()
    basic_auth_users: dict[
        Annotated[str, AfterValidator(_check_user)], Annotated[str, AfterValidator(_check_hash)]
    ] = Field({})
