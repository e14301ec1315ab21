"""The exporter's own web server: listen addresses, TLS, users and limits. Pure values.

Made by `exporter.settings`, used by `exporter.web`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import NamedTuple, TypeAlias


class ListenAddress(NamedTuple):
    """An address to listen on over TCP; an empty host means all interfaces, port 0 any free port."""

    host: str
    port: int

    def __str__(self) -> str:
        """As it is written in the configuration: `:19443`, `127.0.0.1:19443`, `[::1]:19443`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class UnixAddress(NamedTuple):
    """A Unix socket to create, by its absolute path."""

    path: str

    def __str__(self) -> str:
        """As it is written in the configuration: `unix:/run/onedata-exporter.sock`."""
        return f"unix:{self.path}"


class SystemdSockets(NamedTuple):
    """The sockets that systemd has opened for this service and hands over."""

    def __str__(self) -> str:
        """As it is written in the configuration."""
        return "systemd:"


Address: TypeAlias = ListenAddress | UnixAddress | SystemdSockets


class TlsVersion(StrEnum):
    """The versions of TLS that can be configured, named as in Go."""

    TLS12 = "TLS12"
    TLS13 = "TLS13"


class ClientAuth(Enum):
    """Whether clients have to send a certificate. One that is sent is verified."""

    NONE = auto()
    IF_GIVEN = auto()
    REQUIRED = auto()


@dataclass(frozen=True, slots=True)
class ServerTls:
    """TLS towards clients: certificates and key in PEM format.

    Without `client_ca` the system's authorities verify clients. `allowed_sans` are the alternative names of which
    a client's certificate must have one; empty: any. `ciphers` are for TLS 1.2, in OpenSSL's names; empty: OpenSSL's
    choice. `curve` likewise.
    """

    certificate: str
    key: str = field(repr=False)
    client_ca: str = ""
    client_auth: ClientAuth = ClientAuth.NONE
    allowed_sans: frozenset[str] = frozenset()
    min_version: TlsVersion = TlsVersion.TLS12
    max_version: TlsVersion = TlsVersion.TLS13
    ciphers: tuple[str, ...] = ()
    curve: str = ""
    prefer_server_ciphers: bool = True


class RateLimit(NamedTuple):
    """The limit of requests: one every so many seconds, after a burst of so many."""

    interval_seconds: float
    burst: int


@dataclass(frozen=True, slots=True)
class WebConfig:
    """TLS, users and limits of the exporter's own pages.

    Without `tls` they are plain HTTP; without `users` (name, bcrypt hash) no request needs a password.
    `headers` are set on every response. `files` are those that all this was read from, each with its version
    before it was read. `warnings` name what is valid and yet probably unintended.
    """

    tls: ServerTls | None = None
    headers: tuple[tuple[str, str], ...] = ()
    users: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    rate_limit: RateLimit | None = None
    files: tuple[tuple[str, tuple[int, ...]], ...] = ()
    warnings: tuple[str, ...] = ()


NO_WEB_CONFIG = WebConfig()
