"""The one interface of an operation: a question to Onepanel, and what its answer means.

An operation is a *conversation*: a pure generator that yields a `Request` and receives what the request's own
reader made of the answer, or why there is nothing. Most ask one question; one that needs several (host by
host, if a host is down) continues to ask. It never sees a socket or a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, TypeAlias, TypeVar

from exporter.metrics import Metric
from exporter.operations.outcome import Facts, NotLearnt, Outcome
from exporter.operations.responses import Response
from exporter.reasons import Failure
from exporter.targets import AccessPath, Kind

API_ROOT = "/api/v3/onepanel"
# An unknown route of older versions is 406 to `application/json` alone, and 404 if anything else is accepted.
ACCEPT_JSON = "application/json, */*;q=0.1"

Value = TypeVar("Value")
ValueT_co = TypeVar("ValueT_co", covariant=True)
FactsT = TypeVar("FactsT", bound=Facts)
FactsT_co = TypeVar("FactsT_co", bound=Facts, covariant=True)


class Cadence(Enum):
    """How often an operation is due: in every round, or on the slower details interval."""

    ROUND = "round"
    DETAILS = "details"


@dataclass(frozen=True, slots=True)
class Request(Generic[ValueT_co]):
    """One HTTP request. `read` turns an answer of any status into a value or a `Failure`.

    `path` is absolute on the origin. `body` is sent as JSON. With `credentials` it carries the target's, if
    there are any. `over` names the access path it must take; without it, it takes the one of the visit.
    `about_host`: Onepanel asks other hosts, so that silence may be theirs. `elsewhere`: another node than the
    last one is asked, else its other path. `relayed`: Onepanel relays the worker's answer, so that a 503
    neither accepts nor rejects the credentials. `can_wait`: it is left for another round of details once most
    of the time of this one is used up. `plain`: it goes to port 80 of the domain, over HTTP, and never
    carries credentials.
    """

    path: str
    read: Callable[[Response], ValueT_co | Failure]
    method: str = "GET"
    body: Mapping[str, object] | None = field(default=None, repr=False)  # may hold a password
    accept: str = ACCEPT_JSON
    max_body_bytes: int = 64 * 1024
    credentials: bool = False
    over: AccessPath | None = None
    about_host: bool = False
    elsewhere: bool = False
    relayed: bool = False
    can_wait: bool = False
    plain: bool = False

    @property
    def is_change(self) -> bool:
        """Return whether it may change something, so that sending it twice is not the same as sending it once."""
        return self.method != "GET"


# What a request receives: its reader's value, why it failed, or that it was not sent.
Reply: TypeAlias = Value | Failure | NotLearnt
Conversation: TypeAlias = Generator[Request[object], Any, FactsT | Failure | NotLearnt]


def send(request: Request[Value]) -> Generator[Request[object], Any, Reply[Value]]:
    """Send one request of a conversation; return what it receives."""
    reply: Reply[Value] = yield request
    return reply


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the cluster when a conversation begins.

    `learnt` holds the outcomes of the conversations held before in the same round, by operation;
    `can_authenticate`: whether there are credentials. `has_access`: whether a request with credentials would be
    sent, as one of them is not set aside and Onepanel answers over a path. `doubtful` are the hosts
    that did not answer when they were asked last, in the order in which they are to be asked. `deployed` is
    None if it is not known. `has_port_80`: the worker listens where the default ports are.
    """

    kind: Kind = Kind.AUTO
    learnt: Mapping[str, Outcome] = field(default_factory=dict)
    can_authenticate: bool = False
    has_access: bool = False
    doubtful: tuple[str, ...] = ()
    deployed: bool | None = None
    has_port_80: bool = False

    @property
    def service(self) -> str:
        """Return what Onepanel calls the service of this cluster in its URLs: `zone` or `provider`."""
        return "provider" if self.kind is Kind.ONEPROVIDER else "zone"

    @property
    def worker_api(self) -> str:
        """Return the root of the worker's own API, on 443."""
        return f"/api/v3/{'oneprovider' if self.kind is Kind.ONEPROVIDER else 'onezone'}"


def always(_known: Known) -> bool:
    """Return that the operation is always worth asking."""
    return True


def kind_is_known(known: Known) -> bool:
    """Return whether the kind of the cluster is known, on which the place of the worker's API depends."""
    return known.kind is not Kind.AUTO


def with_credentials(known: Known) -> bool:
    """Return whether the cluster's kind is known, and there are credentials to show."""
    return known.can_authenticate and known.kind is not Kind.AUTO


@dataclass(frozen=True, slots=True, eq=False)
class Operation(Generic[FactsT_co]):
    """One operation: where to ask, when, on which paths, with which credentials, and what to export.

    `name` is the value of the metric label `operation`. One that is due in every ROUND is asked over each of
    `paths`; one of the DETAILS over a single path, direct if there is one. `applies`: whether it is worth
    asking. With `on_every_route` one of the DETAILS is asked over each route that is up. `is_timed`: the
    latency of its requests is exported as a histogram. `metrics` are read off the outcome: of each route
    (scope ROUTE), or of the first route that gave facts (scope TARGET).
    """

    name: str
    summary: str
    conversation: Callable[[Known], Conversation[FactsT_co]]
    metrics: tuple[Metric[Outcome], ...] = ()
    cadence: Cadence = Cadence.ROUND
    paths: tuple[AccessPath, ...] = tuple(AccessPath)
    needs_credentials: bool = False
    applies: Callable[[Known], bool] = always
    on_every_route: bool = False
    is_timed: bool = False


def ask(
    path: str,
    read: Callable[[Response], FactsT | Failure],
    *,
    credentials: bool = False,
    max_body_bytes: int = 64 * 1024,
) -> Callable[[Known], Conversation[FactsT]]:
    """Return the conversation of an operation that asks one question, below the root of the API."""

    def conversation(_known: Known) -> Conversation[FactsT]:
        request = Request(API_ROOT + path, read, credentials=credentials, max_body_bytes=max_body_bytes)
        return (yield from send(request))

    return conversation


def known(kind: type[FactsT], pick: Callable[[FactsT], object]) -> Callable[[Outcome], object]:
    """Return what a metric sees of the facts of a kind; of any other outcome it sees nothing."""

    def see(outcome: Outcome) -> object:
        return pick(outcome) if isinstance(outcome, kind) else None

    return see
