"""`GET /SERVICE/workers` and its siblings: the status of a component on every host of the cluster.

One host that is away makes Onepanel refuse the whole list. Then the hosts are asked one by one, so
that no living host's status is lost because another is dead or frozen.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any
from urllib.parse import quote

from exporter.metrics import Metric, Reading, Scope, state_set
from exporter.operations.answers import Answer, one_line, parse_json, read_object, refusal
from exporter.operations.limits import MAX_HOSTS, Guarded, guard
from exporter.operations.operation import (
    API_ROOT,
    Cadence,
    Conversation,
    Known,
    Operation,
    Request,
    known,
    with_credentials,
)
from exporter.reasons import Failure, Reason

# A worker that hangs makes Onepanel take 5 s to say so: one waits longer than that for an answer.
_DEADLINE_SECONDS = 7.0
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
    def hosts_away(self) -> frozenset[str]:
        """The hosts whose Onepanel did not answer."""
        return frozenset(host for host, status in self.by_host.items() if status is Status.UNREACHABLE)


def read_statuses(component: str, answer: Answer) -> ComponentStatus | Failure:
    """The map of hosts to statuses."""
    body = read_object(answer)
    return body if isinstance(body, Failure) else _from_words(component, body)


def _from_words(component: str, words: Mapping[str, Any]) -> ComponentStatus:
    kept, dropped = guard(words.items(), MAX_HOSTS)
    known_words = {host: word for host, word in kept.items() if isinstance(word, str)}
    return ComponentStatus(
        component,
        {host: _TOLD.get(known_words.get(host, ""), Status.UNKNOWN) for host in kept},
        frozenset(one_line(word) for word in known_words.values() if word not in _TOLD),
        dropped=dropped,
    )


def read_word(answer: Answer) -> str | Failure:
    """The status of one host: a JSON string."""
    failure = refusal(answer)
    if failure is not None:
        return failure
    try:
        word = parse_json(answer)
    except ValueError as error:
        return Failure(Reason.INVALID_BODY, one_line(str(error)))
    return word if isinstance(word, str) else Failure(Reason.INVALID_BODY, "expected a JSON string")


def read_layout(plural: str, answer: Answer) -> tuple[str, ...] | Failure:
    """The hosts of a component, from the layout of the cluster."""
    body = read_object(answer)
    if isinstance(body, Failure):
        return body
    try:
        hosts = body["cluster"][plural]["hosts"]
        return tuple(sorted(str(host) for host in hosts))[:MAX_HOSTS]
    except (KeyError, TypeError):
        return Failure(Reason.INVALID_BODY, f"no hosts of {plural} in the layout of the cluster")


def _is_for_a_host_away(failure: Failure) -> bool:
    return failure.error_id in _HOST_AWAY_ERRORS or failure.reason is Reason.TIMEOUT


def _converse(plural: str, component: str, known_before: Known) -> Conversation[ComponentStatus]:
    away = _hosts_away(known_before)
    url = f"{API_ROOT}/{known_before.service}/{plural}"
    if not away:
        reply = yield _request(url, partial(read_statuses, component))
        if not (isinstance(reply, Failure) and _is_for_a_host_away(reply)):
            return reply  # type: ignore[no-any-return]  # what read_statuses made
    layout_url = f"{API_ROOT}/{known_before.service}/configuration"
    hosts = yield _request(layout_url, partial(read_layout, plural))
    if isinstance(hosts, Failure):
        return hosts
    words = yield from _host_by_host(url, hosts, away)
    return _with_unreachable(component, words)


def _hosts_away(known_before: Known) -> frozenset[str]:
    """The hosts that an operation before this one, in the same round, found to be away."""
    found: frozenset[str] = frozenset()
    for outcome in known_before.learnt.values():
        if isinstance(outcome, ComponentStatus):
            found |= outcome.hosts_away
    return found


def _host_by_host(
    url: str, hosts: tuple[str, ...], away: frozenset[str]
) -> Generator[Request, Any, dict[str, str]]:
    """Each host's word. A host that says neither its status nor that it is away is left out."""
    words: dict[str, str] = {}
    for host in hosts:
        if one_line(host) in away:
            words[host] = Status.UNREACHABLE
            continue
        reply = yield _request(f"{url}/{quote(host, safe='')}", read_word)
        if not isinstance(reply, Failure):
            words[host] = reply if reply != Status.UNREACHABLE else ""
        elif _is_for_a_host_away(reply):
            words[host] = Status.UNREACHABLE
    return words


def _with_unreachable(component: str, words: Mapping[str, str]) -> ComponentStatus:
    """`unreachable` is our word: the server's own would be unknown."""
    told = _from_words(component, words)
    away = {one_line(host) for host, word in words.items() if word is Status.UNREACHABLE}
    by_host = {host: Status.UNREACHABLE if host in away else status for host, status in told.by_host.items()}
    return ComponentStatus(component, by_host, told.unrecognised - {Status.UNREACHABLE}, dropped=told.dropped)


def _request(path: str, read: Any) -> Request:
    return Request(path, read, credentials=True, deadline=_DEADLINE_SECONDS, max_body_bytes=_MAX_BODY_BYTES)


def _readings(facts: ComponentStatus) -> Iterator[Reading]:
    for host, status in facts.by_host.items():
        yield from state_set(Status, status, facts.component, host)


_METRIC: Metric[ComponentStatus | Failure] = Metric(
    name="onedata_component_status",
    help="Status of a component on a host; unreachable: that host's Onepanel is away.",
    scope=Scope.TARGET,
    read=known(_readings),
    labels=("component", "host", "status"),
)


def _operation(plural: str, component: str) -> Operation[ComponentStatus]:
    return Operation(
        name=plural,
        summary=f"the status of every {component}, by host",
        converse=partial(_converse, plural, component),
        cadence=Cadence.DETAILS,
        needs_credentials=True,
        applies=with_credentials,
        metrics=(_METRIC,),
    )


WORKERS = _operation("workers", "worker")
MANAGERS = _operation("managers", "manager")
DATABASES = _operation("databases", "database")
