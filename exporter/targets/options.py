"""The options of a target: kind, schedule, TLS, addresses. Pure; all times are seconds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum

# A round takes a little less than the interval, so that the next one is on time.
SHARE_OF_INTERVAL = 0.95
HTTP_PORT = 80


class Kind(StrEnum):
    """The kind of cluster; `auto` leaves it to `serviceType` of the public configuration."""

    AUTO = "auto"
    ONEZONE = "onezone"
    ONEPROVIDER = "oneprovider"


class IpProtocol(StrEnum):
    """Which IP versions may be used to reach a target."""

    AUTO = "auto"
    IPV4 = "ipv4"
    IPV6 = "ipv6"


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the cluster that both access paths are pinned to in turn."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """How the certificate of a target is verified, and what we show of ourselves."""

    ca_file: str = ""
    server_name: str = ""
    cert_file: str = ""
    key_file: str = ""
    insecure_skip_verify: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """How often a target is polled, in seconds."""

    interval: float = 15.0
    details_interval: float = 60.0
    timeout: float = 10.0

    @property
    def round_seconds(self) -> float:
        """Return how long a round may take."""
        return SHARE_OF_INTERVAL * self.interval

    @property
    def request_timeout(self) -> float:
        """Return the timeout of one request: a round must have room for it."""
        return min(self.timeout, self.round_seconds)


class ReachableAddresses(Enum):
    """Which addresses a connection may go to, however the name resolves; what is left out is refused."""

    ANY = "any"
    NOT_LOCAL = (
        "not local"  # neither loopback, link-local (where clouds serve metadata), unspecified nor multicast
    )
    NOT_LOCAL_OR_LOOPBACK = "not local, or loopback"
