"""`GET /SERVICE/workers` and its siblings: the status of a component on every host of the cluster.

One host that is away makes Onepanel refuse the whole list. Then the hosts are asked one by one, so
that no living host's status is lost because another is dead or frozen. Those that were away the last time
are *doubtful*: they are asked last, and only as long as the rest of the round has its time. Those whose
turn does not come are still told to be away: they have not answered since.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any
from urllib.parse import quote

from exporter.metrics import Metric, Reading, Scope, state_set
from exporter.operations.limits import MAX_HOSTS, Guarded, guard, hosts_named
from exporter.operations.operation import (
    API_ROOT,
    NO_TIME,
    Cadence,
    Conversation,
    Known,
    Operation,
    Request,
    known,
    with_credentials,
)
from exporter.operations.responses import Response, failure_of, parse_json, read_object, sanitize
from exporter.reasons import Failure, Reason

# A worker that hangs makes Onepanel take 5 s to say so: one waits longer than that for an answer. The others
# are told of at once, so that a frozen host is found out sooner where they are asked for first.
_DEADLINE_SECONDS = {"workers": 7.0, "managers": 3.0, "databases": 3.0}
_MAX_BODY_BYTES = 1024 * 1024
_HOST_AWAY_ERRORS = frozenset({"errorOnNodes", "badValueListNotAllowed"})


class Status(StrEnum):
    """The status of a component on a host."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    STARTING = "starting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    MISSING = "missing"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"


_TOLD = {status.value: status for status in Status if status is not Status.UNREACHABLE}


@dataclass(frozen=True, slots=True)
class ComponentStatus(Guarded):
    """The status of a component on each host. `unrecognised` are the server's words that became `unknown`."""

    component: str
    by_host: Mapping[str, Status]
    unrecognised: frozenset[str] = frozenset()

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts whose status was told, or that are known to be away."""
        return frozenset(self.by_host)

    @property
    def hosts_away(self) -> tuple[str, ...]:
        """The hosts whose Onepanel did not answer when they were asked last, who waits longest first."""
        return tuple(host for host, status in self.by_host.items() if status is Status.UNREACHABLE)


def read_statuses(
    component: str, answer: Response, before: frozenset[str] = frozenset()
) -> ComponentStatus | Failure:
    """The map of hosts to statuses. `before` are hosts that are known already."""
    body = read_object(answer)
    if isinstance(body, Failure):
        return body
    return _told(component, *guard(body.items(), MAX_HOSTS, before))


def _told(component: str, words: Mapping[str, Any], dropped: int) -> ComponentStatus:
    foreign = [word for word in words.values() if isinstance(word, str) and not isinstance(word, Status)]
    return ComponentStatus(
        component,
        {host: _status(word) for host, word in words.items()},
        frozenset(sanitize(word) for word in foreign if word not in _TOLD),
        dropped=dropped,
    )


def _status(word: Any) -> Status:
    """The status that a word means; a `Status` is our own word, and not the server's."""
    if isinstance(word, Status):
        return word
    return _TOLD.get(word, Status.UNKNOWN) if isinstance(word, str) else Status.UNKNOWN


def read_word(answer: Response) -> str | Failure:
    """The status of one host: a JSON string."""
    failure = failure_of(answer)
    if failure is not None:
        return failure
    try:
        word = parse_json(answer)
    except ValueError as error:
        return Failure(Reason.INVALID_BODY, sanitize(str(error)))
    return word if isinstance(word, str) else Failure(Reason.INVALID_BODY, "expected a JSON string")


def read_layout(plural: str, answer: Response) -> tuple[str, ...] | Failure:
    """The hosts of a component, from the layout of the cluster."""
    body = read_object(answer)
    if isinstance(body, Failure):
        return body
    try:
        hosts = body["cluster"][plural]["hosts"]
    except (KeyError, TypeError):
        hosts = None
    if not isinstance(hosts, list):
        return Failure(Reason.INVALID_BODY, f"no hosts of {plural} in the layout of the cluster")
    return tuple(host for host in hosts if isinstance(host, str))


def _is_for_a_host_away(failure: Failure, *, has_answered: bool = False) -> bool:
    """Silence is for a host that is frozen, unless it `has_answered` in this round: then its service hangs."""
    if failure is NO_TIME:
        return False
    is_silent = failure.reason is Reason.TIMEOUT and not has_answered
    return is_silent or failure.error_id in _HOST_AWAY_ERRORS


def _conversation(plural: str, component: str, known_before: Known) -> Conversation[ComponentStatus]:
    found, before = _found_before(known_before), hosts_named(known_before.learnt)
    url, deadline = f"{API_ROOT}/{known_before.service}/{plural}", _DEADLINE_SECONDS[plural]
    if not any(found.values()):
        reply = yield _request(url, partial(read_statuses, component, before=before), deadline)
        if not (isinstance(reply, Failure) and _is_for_a_host_away(reply)):
            return reply  # type: ignore[no-any-return]  # what read_statuses made
    layout_url = f"{API_ROOT}/{known_before.service}/configuration"
    hosts = yield _request(layout_url, partial(read_layout, plural), deadline, local=True)
    if isinstance(hosts, Failure):
        return hosts
    kept, dropped = guard(((host, host) for host in hosts), MAX_HOSTS, before)
    doubtful = [host for host in known_before.doubtful if host in kept and host not in found]
    words, failure = yield from _host_by_host(url, kept, found, doubtful, deadline)
    return _told(component, words, dropped) if words or failure is None else failure


def _found_before(known_before: Known) -> dict[str, bool]:
    """Whether a host is away, for each that an operation before this one, in the same round, told of."""
    found: dict[str, bool] = {}
    for outcome in known_before.learnt.values():
        if isinstance(outcome, ComponentStatus):
            found |= {host: status is Status.UNREACHABLE for host, status in outcome.by_host.items()}
    return found


def _host_by_host(
    url: str, hosts: Mapping[str, str], found: Mapping[str, bool], doubtful: Sequence[str], deadline: float
) -> Generator[Request, Any, tuple[dict[str, str], Failure | None]]:
    """Each host's word, and the last failure that was not a host's being away.

    `hosts` are the names as Onepanel writes them, by their cleaned names; `found` says of those that this
    round knows already whether they are away. A host that says neither its status nor that it is away is
    left out, as are those for which there is no time left, unless they are doubtful: these come first, as
    they wait longest.
    """
    words: dict[str, str] = {
        host: Status.UNREACHABLE for host, is_away in found.items() if is_away and host in hosts
    }
    not_asked: list[str] = []
    failure: Failure | None = None
    for host in [*(host for host in hosts if host not in doubtful), *doubtful]:
        if found.get(host):
            continue
        if failure is not NO_TIME:
            where = f"{url}/{quote(hosts[host], safe='')}"
            reply = yield _request(where, read_word, deadline, can_wait=host in doubtful)
            if not isinstance(reply, Failure):
                words[host] = reply
            elif _is_for_a_host_away(reply, has_answered=host in found):
                words[host] = Status.UNREACHABLE
            else:
                failure = reply
        if failure is NO_TIME and host in doubtful:
            not_asked.append(host)
    return {**dict.fromkeys(not_asked, Status.UNREACHABLE), **words}, failure


def _request(path: str, read: Any, deadline: float, **options: Any) -> Request:
    return Request(path, read, credentials=True, deadline=deadline, max_body_bytes=_MAX_BODY_BYTES, **options)


def _readings(facts: ComponentStatus) -> Iterator[Reading]:
    for host, status in facts.by_host.items():
        yield from state_set(Status, status, facts.component, host)


_METRIC: Metric[ComponentStatus | Failure] = Metric(
    name="onedata_component_status",
    help="Status of a component on a host; unreachable: that host's Onepanel did not answer when it was asked last.",
    scope=Scope.TARGET,
    see=known(lambda facts: facts if facts.by_host else None),
    read=_readings,
    labels=("component", "host", "status"),
)


def _operation(plural: str, component: str) -> Operation[ComponentStatus]:
    return Operation(
        name=plural,
        summary=f"the status of every {component}, by host",
        conversation=partial(_conversation, plural, component),
        cadence=Cadence.DETAILS,
        needs_credentials=True,
        applies=with_credentials,
        metrics=(_METRIC,),
    )


WORKERS = _operation("workers", "worker")
MANAGERS = _operation("managers", "manager")
DATABASES = _operation("databases", "database")
