"""The keys of Prometheus' own web configuration: TLS, headers, passwords, a limit of requests.

The format is that of exporter-toolkit. A key that cannot take effect with Python's TLS is refused by name: a
server with less protection than its file demands would be worse than none.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from pydantic import BeforeValidator, Field, field_validator, model_validator

from exporter.settings.model import Keys
from exporter.settings.tls_server_keys import TlsServerConfig
from exporter.settings.web_values import (
    HEADERS_WITH_FIXED_VALUES,
    HeaderValue,
    Interval,
    PasswordHash,
    UserName,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


class HeaderName(StrEnum):
    """The headers that may be set."""

    CONTENT_SECURITY_POLICY = "Content-Security-Policy"
    STRICT_TRANSPORT_SECURITY = "Strict-Transport-Security"
    X_CONTENT_TYPE_OPTIONS = "X-Content-Type-Options"
    X_FRAME_OPTIONS = "X-Frame-Options"
    X_XSS_PROTECTION = "X-XSS-Protection"


class HttpServerConfig(Keys):
    """HTTP towards clients. `http2` allows HTTP/2, which is then not negotiated: clients use HTTP/1.1."""

    http2: bool = True
    headers: dict[HeaderName, HeaderValue] = Field({})

    @field_validator("headers")
    @classmethod
    def _known_values(cls, headers: dict[HeaderName, str]) -> dict[HeaderName, str]:
        for name, value in headers.items():
            allowed = HEADERS_WITH_FIXED_VALUES.get(name)
            if value and allowed and value.lower() not in allowed:
                raise ValueError(f"{name} must be {' or '.join(allowed)}")
        return headers


class RateLimitKeys(Keys):
    """A limit of requests: one per interval, after a burst. An interval of 0 switches it off."""

    interval: Interval = 0.0
    burst: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _allows_something(self) -> RateLimitKeys:
        if self.interval and not self.burst:
            raise ValueError("burst must be at least 1: otherwise every request is refused")
        return self


def _not_empty(users: object) -> object:
    if not users:
        raise ValueError(
            "must not be empty, as no request would need a password: name a user, or remove the key"
        )
    return users


class WebFile(Keys):
    """The top of the file."""

    tls_server_config: TlsServerConfig | None = None
    http_server_config: HttpServerConfig = HttpServerConfig()
    rate_limit: RateLimitKeys = RateLimitKeys()
    basic_auth_users: Annotated[dict[UserName, PasswordHash], BeforeValidator(_not_empty)] = Field({})

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_switched_off_by_mistake(cls, values: object) -> object:
        return _keep_empty(values, ("tls_server_config", "basic_auth_users"))


def _keep_empty(values: object, keys: tuple[str, ...]) -> object:
    """Have keys without a value count as empty mappings: as absent ones they would open what was protected."""
    if not isinstance(values, dict):
        return values
    empty: Mapping[str, object] = {key: {} for key in keys if key in values and values[key] is None}
    return {**values, **empty}
