"""The one interface of an operation: something Onepanel is asked, and what its answer means.

An operation is a *conversation*: a pure generator that yields a `Request` and is sent back what the
request's own reader made of the answer, or the `Failure`. Most ask one question; one that needs
several (host by host, when a host is away) just goes on asking. It never sees a socket or a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, TypeAlias, TypeVar

from exporter.metrics import Metric
from exporter.operations.responses import Response
from exporter.reasons import Failure, Reason
from exporter.targets import AccessPath, Kind

API_ROOT = "/api/v3/onepanel"
# The outcome of a request that was not made, or not waited for, because the round was at its end.
NO_TIME = Failure(Reason.TIMEOUT, "the time of the round was used up")

Facts = TypeVar("Facts")


class Cadence(Enum):
    """How often an operation is due: in every round, or on the slower details interval."""

    ROUND = "round"
    DETAILS = "details"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. `read` turns an answer of any status into facts or a `Failure`.

    `path` is absolute on the origin. `body` is sent as JSON. `deadline` (seconds) shortens the
    target's timeout. With `credentials` it carries the target's, if there are any. `over` names the
    access path it must take; without it, it takes the one of the visit. `local`: Onepanel answers it
    without asking another host, so that silence is its own. `relayed`: Onepanel relays the worker's
    answer, so that a 503 says nothing of the credentials. `can_wait`: it is left for another round of
    details once most of the time of this one is used up.
    """

    path: str
    read: Callable[[Response], Any]
    method: str = "GET"
    body: Any = field(default=None, repr=False)  # may hold a password
    accept: str = "application/json, */*;q=0.1"
    max_body_bytes: int = 64 * 1024
    deadline: float | None = None
    credentials: bool = False
    over: AccessPath | None = None
    local: bool = False
    relayed: bool = False
    can_wait: bool = False

    @property
    def is_change(self) -> bool:
        """Whether it may change something, so that sending it twice is not the same as sending it once."""
        return self.method != "GET"


Conversation: TypeAlias = Generator[Request, Any, Facts | Failure]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the cluster when a conversation begins.

    `learnt` holds the outcomes of the conversations held before in the same round, by operation;
    `can_authenticate` says whether there are credentials that were not just refused. `doubtful` are the
    hosts that were away when they were asked last, in the order in which they are to be asked.
    """

    kind: Kind = Kind.AUTO
    learnt: Mapping[str, Any] = field(default_factory=dict)
    can_authenticate: bool = False
    doubtful: tuple[str, ...] = ()

    @property
    def service(self) -> str:
        """What Onepanel calls the service of this cluster in its URLs: `zone` or `provider`."""
        return "provider" if self.kind is Kind.ONEPROVIDER else "zone"


def always(_known: Known) -> bool:
    """An operation that is always worth asking."""
    return True


def with_credentials(known: Known) -> bool:
    """An operation of a cluster whose kind is known, and to which we can show credentials."""
    return known.can_authenticate and known.kind is not Kind.AUTO


@dataclass(frozen=True, slots=True, eq=False)
class Operation(Generic[Facts]):
    """One operation: where to ask, when, on which paths, with which credentials, and what to export.

    `name` is the value of the metric label `operation`. One that is due in every ROUND is asked over
    each of `paths`; one of the DETAILS over a single path, direct where it can be had. `applies` says
    whether it is worth asking. `metrics` are read off the outcome: of each route (scope ROUTE), or of
    the first route that gave facts (scope TARGET).
    """

    name: str
    summary: str
    conversation: Callable[[Known], Conversation[Facts]]
    metrics: tuple[Metric[Facts | Failure], ...] = ()
    cadence: Cadence = Cadence.ROUND
    paths: tuple[AccessPath, ...] = tuple(AccessPath)
    needs_credentials: bool = False
    applies: Callable[[Known], bool] = always


def ask(
    path: str, read: Callable[[Response], Facts | Failure], **options: Any
) -> Callable[[Known], Conversation[Facts]]:
    """The conversation of an operation that asks one question, below the root of the API.

    `options` are further fields of the `Request`.
    """

    def conversation(_known: Known) -> Conversation[Facts]:
        answer: Facts | Failure = yield Request(API_ROOT + path, read, **options)
        return answer

    return conversation


def known(pick: Callable[[Facts], Any]) -> Callable[[Facts | Failure], Any]:
    """What a metric sees of the facts; of a failure it sees nothing."""

    def see(outcome: Facts | Failure) -> Any:
        return None if isinstance(outcome, Failure) else pick(outcome)

    return see
