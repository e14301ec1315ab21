"""The exporter's own door: where it listens, who may come in, and with which TLS. Pure values.

Made by `exporter.settings`, used by `exporter.web`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import NamedTuple, TypeAlias


class ListenAddress(NamedTuple):
    """Where to listen over TCP; an empty host means all interfaces, port 0 any free port."""

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
    """The versions of TLS that are spoken, named as in Go."""

    TLS12 = "TLS12"
    TLS13 = "TLS13"


class ClientAuth(Enum):
    """Whether clients have to show a certificate. One that is shown is verified."""

    NONE = auto()
    IF_GIVEN = auto()
    REQUIRED = auto()


@dataclass(frozen=True, slots=True)
class ServerTls:
    """TLS as it is spoken to clients. `ciphers` are for TLS 1.2, in OpenSSL's names; empty: OpenSSL's choice."""

    cert_file: str
    key_file: str
    client_ca_file: str = ""
    client_auth: ClientAuth = ClientAuth.NONE
    min_version: TlsVersion = TlsVersion.TLS12
    max_version: TlsVersion = TlsVersion.TLS13
    ciphers: tuple[str, ...] = ()
    prefer_server_ciphers: bool = True


@dataclass(frozen=True, slots=True)
class WebConfig:
    """Who may come in, and how. Without `tls` it is plain HTTP; without `users` (name, bcrypt hash) all may.

    `headers` are set on every answer. `files` are those all this was read from.
    """

    tls: ServerTls | None = None
    headers: tuple[tuple[str, str], ...] = ()
    users: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    files: tuple[str, ...] = ()


NO_WEB_CONFIG = WebConfig()
