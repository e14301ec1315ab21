"""What was seen: connections, requests, and what an operation learnt over one route. Frozen values.

Durations are seconds; moments are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from exporter.credentials import AuthMethod
from exporter.reasons import Failure
from exporter.targets import Route

Outcome: TypeAlias = Any  # the operation's own facts, or a Failure


class Phase(StrEnum):
    """A step of opening a connection; the metric label `phase`."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class Certificate:
    """The certificate as served. `verified`: against the configured authorities and name."""

    subject: str
    issuer: str
    not_before: float
    not_after: float
    fingerprint_sha256: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Connection:
    """One attempt to open a connection: the phases that were finished, and the certificate if one was shown."""

    phases: Mapping[Phase, float] = field(default_factory=dict)
    certificate: Certificate | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One finished request. `status` is 0 and `seconds` None when there was no HTTP answer.

    `seconds` runs from sending the request to the last byte of the answer. `public`: no credentials were shown.
    """

    route: Route
    status: int = 0
    seconds: float | None = None
    body_bytes: int = 0
    failure: Failure | None = None
    public: bool = True


@dataclass(frozen=True, slots=True)
class Trace:
    """One exchange in full, for an explanation. Of headers that hold secrets only the names are kept.

    `request_headers` are empty when nothing was sent. `chain` holds the certificates served if this exchange
    opened the connection, the server's own first; None when none were shown, or Python does not tell.
    """

    exchange: Exchange
    method: str
    url: str
    request_headers: tuple[tuple[str, str], ...] = ()
    response_headers: tuple[tuple[str, str], ...] = ()
    opened: bool = False
    chain: tuple[Certificate, ...] | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """What one operation learnt over one route, and every request it made to learn it."""

    operation: str
    route: Route
    outcome: Outcome
    exchanges: tuple[Exchange, ...]

    @property
    def failure(self) -> Failure | None:
        """Why nothing was learnt; None when the outcome is facts."""
        return self.outcome if isinstance(self.outcome, Failure) else None

    @property
    def last(self) -> Exchange:
        """The last request; an empty one when none was made."""
        return self.exchanges[-1] if self.exchanges else Exchange(self.route)

    @property
    def onepanel_answered(self) -> bool:
        """Whether Onepanel itself said something, whatever it was."""
        return self.failure is None or self.failure.from_onepanel


@dataclass(frozen=True, slots=True)
class Visit:
    """All that one round saw over one route: the connections opened, and an observation for each due operation."""

    route: Route
    connections: tuple[Connection, ...]
    observations: tuple[Observation, ...]


@dataclass(frozen=True, slots=True)
class Details:
    """What one round of the slower operations learnt, over whichever routes it took.

    `accepted` says of each credential that was shown whether it was accepted; one that was not shown,
    or could not be verified, is absent. `finished_at` is in seconds since the epoch.
    """

    observations: tuple[Observation, ...]
    connections: Mapping[Route, tuple[Connection, ...]]
    accepted: Mapping[AuthMethod, bool]
    finished_at: float = 0.0
