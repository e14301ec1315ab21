"""What was seen: connections, requests, and the outcome of an operation over one route. Frozen values.

Durations are seconds; timestamps are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from exporter.credentials import AuthMethod
from exporter.operations.outcome import Facts, NotLearnt, Outcome
from exporter.reasons import Failure
from exporter.targets import Route


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
class AddressAttempt:
    """An attempt to connect to one address of a name; `error` is empty for the one that is connected."""

    address: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class Connection:
    """One attempt to open a connection: the phases that were finished, and the certificates if any were shown.

    `chain` has the certificates that the server sent, its own first. `strict_objection` is what newer verifiers
    refuse of a chain that was verified. `attempts` are those to each of several addresses, in their order;
    `addresses` is how many the name has. `address` is the one that is connected, else the one tried last; empty
    if there was no attempt.
    """

    phases: Mapping[Phase, float] = field(default_factory=dict)
    chain: tuple[Certificate, ...] = ()
    failure: Failure | None = None
    attempts: tuple[AddressAttempt, ...] = ()
    addresses: int = 1
    strict_objection: str = ""
    address: str = ""

    @property
    def certificate(self) -> Certificate | None:
        """Return the server's own certificate; None if none was shown."""
        return self.chain[0] if self.chain else None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request that was sent, or for which no connection could be opened.

    `status` is 0 and `seconds` None when there was no HTTP answer. `seconds` runs from sending the request to
    the last byte of the answer. `public`: no credentials were shown. `cut`: the round ended before its whole
    timeout, so that it neither succeeded nor failed.
    """

    route: Route
    status: int = 0
    seconds: float | None = None
    body_bytes: int = 0
    failure: Failure | None = None
    public: bool = True
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """One exchange in full, for an explanation. Of headers that hold secrets only the names are kept.

    `request_headers` are empty when nothing was sent. `chain` holds the certificates served if this exchange
    opened the connection, the server's own first; None when none were shown.
    `attempts` are those to each of several addresses.
    """

    exchange: Exchange
    method: str
    url: str
    request_headers: tuple[tuple[str, str], ...] = ()
    response_headers: tuple[tuple[str, str], ...] = ()
    opened: bool = False
    chain: tuple[Certificate, ...] | None = None
    attempts: tuple[AddressAttempt, ...] = ()


@dataclass(frozen=True, slots=True)
class Transcript:
    """The heads of one request and its answer as text, and the beginning of the body, as evidence of an incident.

    Without an HTTP answer, both heads are empty. A request that shows credentials has no transcript.
    """

    exchange: Exchange
    method: str
    url: str
    request_head: str = ""
    response_head: str = ""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Observation:
    """The outcome of one operation over one route, and every request that it made."""

    operation: str
    route: Route
    outcome: Outcome
    exchanges: tuple[Exchange, ...]

    @property
    def failure(self) -> Failure | None:
        """Return why the operation failed; None if it did not."""
        return self.outcome if isinstance(self.outcome, Failure) else None

    @property
    def not_learnt(self) -> NotLearnt | None:
        """Return why there is neither an answer nor a failure; None if there is."""
        return self.outcome if isinstance(self.outcome, NotLearnt) else None

    @property
    def last(self) -> Exchange:
        """Return the last request; an empty one when none was made."""
        return self.exchanges[-1] if self.exchanges else Exchange(self.route)

    @property
    def onepanel_answered(self) -> bool:
        """Return whether Onepanel itself answered, whatever it was."""
        if isinstance(self.outcome, Failure):
            return self.outcome.from_onepanel
        return isinstance(self.outcome, Facts)


@dataclass(frozen=True, slots=True)
class Visit:
    """All that one round saw over one route: the connections opened, and an observation for each due operation.

    `transcripts` are those of the requests without credentials, in their order.
    """

    route: Route
    connections: tuple[Connection, ...]
    observations: tuple[Observation, ...]
    transcripts: tuple[Transcript, ...] = ()


@dataclass(frozen=True, slots=True)
class SentRequests:
    """The connections that were opened, and what was sent over them, where nothing but their number is kept."""

    connections: Mapping[Route, tuple[Connection, ...]]
    observations: tuple[Observation, ...]


@dataclass(frozen=True, slots=True)
class Details:
    """The outcomes of one round of the slower operations, over whichever routes it took.

    `accepted`: of each credential that was sent, whether it was accepted; one that was not sent, or could not
    be verified, is absent. `began_at` and `finished_at` are in seconds since the epoch, like `token_expires_at`:
    the `time` caveat of the token, None without one. `regenerating_since`: since when Onepanel has reported in every
    such round that it regenerates its certificate.
    """

    observations: tuple[Observation, ...]
    connections: Mapping[Route, tuple[Connection, ...]]
    accepted: Mapping[AuthMethod, bool]
    finished_at: float = 0.0
    token_expires_at: float | None = None
    regenerating_since: float | None = None
    began_at: float = 0.0
