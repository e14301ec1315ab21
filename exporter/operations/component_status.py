"""`GET /SERVICE/workers` and its siblings: the status of a component on every host of the cluster.

One host that is away makes Onepanel refuse the whole list, or hang. Then the hosts are asked for one by one,
so that no other host's status is lost. Hosts that did not answer last time are *doubtful*: they are asked for
one by one, last, and only as long as the rest of the round has its time. Without time for them they stay
unreachable: they have not answered since. If no host has answered, the silence is that of the Onepanel that was asked:
another node is asked, and without an answer nothing is learnt.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import Any
from urllib.parse import quote

from exporter.metrics import Metric, Reading, Scope, state_set
from exporter.operations.limits import MAX_HOSTS, Guarded, guard, hosts_named
from exporter.operations.operation import (
    API_ROOT,
    Cadence,
    Conversation,
    Known,
    Operation,
    Request,
    Value,
    known,
    send,
    with_credentials,
)
from exporter.operations.outcome import ROUND_ENDED, NotLearnt, Outcome
from exporter.operations.responses import Response, failure_of, parse_json, read_object, sanitize
from exporter.reasons import Failure, Reason

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
    """The status of a component on each host.

    `unrecognised` are the server's words that became `unknown`. `not_learnt` are the hosts of which this round
    learnt nothing, `silent` those of them that did not answer when they were asked for last.
    """

    component: str
    by_host: Mapping[str, Status]
    unrecognised: frozenset[str] = frozenset()
    not_learnt: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()

    @property
    def hosts(self) -> frozenset[str]:
        """Return the hosts whose status is known, or that are known to be away."""
        return frozenset(self.by_host)

    @property
    def hosts_away(self) -> tuple[str, ...]:
        """Return the hosts whose Onepanel did not answer when they were asked for last, longest-waiting first."""
        return tuple(host for host, status in self.by_host.items() if status is Status.UNREACHABLE)

    @property
    def doubtful(self) -> tuple[str, ...]:
        """Return the hosts to ask for last next time: without an answer last time, for whatever reason."""
        return (*self.hosts_away, *self.silent)


def read_statuses(
    component: str, answer: Response, before: frozenset[str] = frozenset()
) -> ComponentStatus | Failure:
    """Return the map of hosts to statuses. `before` are hosts that are known already."""
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
    """Return the status that a word means; a `Status` is our own word, and not the server's."""
    if isinstance(word, Status):
        return word
    return _TOLD.get(word, Status.UNKNOWN) if isinstance(word, str) else Status.UNKNOWN


def read_word(answer: Response) -> str | Failure:
    """Return the status of one host: a JSON string."""
    failure = failure_of(answer)
    if failure is not None:
        return failure
    try:
        word = parse_json(answer)
    except ValueError as error:
        return Failure(Reason.INVALID_BODY, sanitize(str(error)))
    return word if isinstance(word, str) else Failure(Reason.INVALID_BODY, "expected a JSON string")


def read_layout(plural: str, answer: Response) -> tuple[str, ...] | Failure:
    """Return the hosts of a component, from the layout of the cluster."""
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


def _is_for_a_host_away(reply: Failure | NotLearnt) -> bool:
    return isinstance(reply, Failure) and reply.error_id in _HOST_AWAY_ERRORS


def _is_silence(reply: Failure | NotLearnt) -> bool:
    return isinstance(reply, Failure) and reply.reason is Reason.TIMEOUT


def _conversation(plural: str, component: str, known_before: Known) -> Conversation[ComponentStatus]:
    found, before = _found_before(known_before), hosts_named(known_before.learnt)
    url = f"{API_ROOT}/{known_before.service}/{plural}"
    whole = _request(url, partial(read_statuses, component, before=before), about_host=True)
    if not (any(found.values()) or known_before.doubtful):
        statuses = yield from send(whole)
        if isinstance(statuses, ComponentStatus) or not (
            _is_for_a_host_away(statuses) or _is_silence(statuses)
        ):
            return statuses
    layout_url = f"{API_ROOT}/{known_before.service}/configuration"
    hosts = yield from send(_request(layout_url, partial(read_layout, plural)))
    if not isinstance(hosts, tuple):
        return hosts
    kept, dropped = guard(((host, host) for host in hosts), MAX_HOSTS, before)
    doubtful = tuple(host for host in known_before.doubtful if host in kept and host not in found)
    survey = _Survey(url, kept, found, doubtful)
    yield from survey.ask()
    if survey.only_silence:
        statuses = yield from send(replace(whole, elsewhere=True))
        if isinstance(statuses, ComponentStatus):
            return statuses
    elif survey.reply and not survey.words:
        return survey.reply
    not_learnt = tuple(host for host in kept if host not in survey.words)
    silent = tuple(host for host in (*survey.not_asked, *survey.silent) if host not in survey.words)
    return replace(_told(component, survey.words, dropped), not_learnt=not_learnt, silent=silent)


def _found_before(known_before: Known) -> dict[str, bool]:
    """Return whether a host is away, for each that an operation before this one, in the same round, told of."""
    found: dict[str, bool] = {}
    for outcome in known_before.learnt.values():
        if isinstance(outcome, ComponentStatus):
            found |= {host: status is Status.UNREACHABLE for host, status in outcome.by_host.items()}
    return found


@dataclass(slots=True)
class _Survey:
    """Asking for host by host.

    `hosts` are the names as Onepanel writes them, by their cleaned names; `found` says of those that this
    round knows already whether they are away. A host that says neither its status nor that it is away is
    left out, as are those for which there is no time left, unless they are doubtful: these come first, as
    they wait longest. `reply` is the last one that says nothing of a host.
    """

    url: str
    hosts: Mapping[str, str]
    found: Mapping[str, bool]
    doubtful: tuple[str, ...]
    words: dict[str, str] = field(default_factory=dict)
    reply: Failure | NotLearnt | None = None
    silent: list[str] = field(default_factory=list)
    not_asked: list[str] = field(default_factory=list)
    _answered: bool = False

    @property
    def only_silence(self) -> bool:
        """Return whether hosts were asked for, and Onepanel answered of none of them."""
        return bool(self.silent) and not self._answered

    def ask(self) -> Generator[Request[Any], Any, None]:
        """Ask for every host that is not known to be away."""
        self._answered = not all(self.found.values())
        known_away = [host for host, is_away in self.found.items() if is_away and host in self.hosts]
        self.words |= dict.fromkeys(known_away, Status.UNREACHABLE)
        for host in [*(host for host in self.hosts if host not in self.doubtful), *self.doubtful]:
            if not self.found.get(host):
                yield from self._ask_for(host)
        if self._answered:
            # A host that answered of another component is not away: its service hangs.
            self.words |= {host: Status.UNREACHABLE for host in self.silent if host not in self.found}
            self.words = {**dict.fromkeys(self.not_asked, Status.UNREACHABLE), **self.words}

    def _ask_for(self, host: str) -> Generator[Request[Any], Any, None]:
        is_doubtful = host in self.doubtful
        if self.reply is not ROUND_ENDED:
            where = f"{self.url}/{quote(self.hosts[host], safe='')}"
            word = yield from send(_request(where, read_word, about_host=True, can_wait=is_doubtful))
            if isinstance(word, str):
                self.words[host], self._answered = word, True
            elif _is_for_a_host_away(word):
                self.words[host], self._answered = Status.UNREACHABLE, True
            elif _is_silence(word):
                self.silent.append(host)
            else:
                self.reply = word
                is_stuck = isinstance(word, Failure) and word.reason is Reason.SERVER_ERROR
                self._answered |= isinstance(word, Failure) and word.from_onepanel and not is_stuck
        if self.reply is ROUND_ENDED and is_doubtful:
            self.not_asked.append(host)


def _request(
    path: str,
    read: Callable[[Response], Value | Failure],
    *,
    about_host: bool = False,
    can_wait: bool = False,
) -> Request[Value]:
    return Request(
        path,
        read,
        credentials=True,
        max_body_bytes=_MAX_BODY_BYTES,
        about_host=about_host,
        can_wait=can_wait,
    )


def _applies(known_before: Known) -> bool:
    """Return whether there is something to ask for: an undeployed cluster logs an error for each such request."""
    return with_credentials(known_before) and known_before.deployed is not False


def _readings(facts: ComponentStatus) -> Iterator[Reading]:
    for host, status in facts.by_host.items():
        yield from state_set(Status, status, facts.component, host)


_METRIC: Metric[Outcome] = Metric(
    name="onedata_component_status",
    help="Status of a component on a host; unreachable: that host's Onepanel did not answer when it was asked last.",
    scope=Scope.TARGET,
    see=known(ComponentStatus, lambda facts: facts if facts.by_host else None),
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
        applies=_applies,
        metrics=(_METRIC,),
    )


WORKERS = _operation("workers", "worker")
MANAGERS = _operation("managers", "manager")
DATABASES = _operation("databases", "database")
