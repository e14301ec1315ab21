"""`GET /SERVICE/workers` and its siblings: the status of a component on every host of the cluster.

If one host is unreachable, Onepanel rejects the request for the whole list, or hangs. Then the hosts are
queried one by one, so that no other host's status is lost. Hosts that did not answer last time are
*doubtful*. They are queried last, as long as the round has time. Without time for them they stay unreachable.
If no host has answered, the queried Onepanel itself may hang: another node is queried. Without an answer from
it, no host's status is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from exporter.metrics import Metric, Reading, Scope, state_set
from exporter.operations.host_status import WORDS, Status, status_of
from exporter.operations.host_survey import HostSurvey, concerns_one_host, request_about
from exporter.operations.limits import MAX_HOSTS, Guarded, guard, hosts_named
from exporter.operations.operation import (
    API_ROOT,
    Cadence,
    Conversation,
    Known,
    Operation,
    known,
    send,
    with_credentials,
)
from exporter.operations.outcome import Outcome
from exporter.operations.responses import Response, read_object, sanitize
from exporter.reasons import Failure, Reason


@dataclass(frozen=True, slots=True)
class ComponentStatus(Guarded):
    """The status of a component on each host.

    `unrecognised` are the server's words that became `unknown`. `not_learnt` are the hosts whose status this round
    did not find, `silent` those of them whose latest query had no answer.
    """

    component: str
    by_host: Mapping[str, Status]
    unrecognised: frozenset[str] = frozenset()
    not_learnt: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()

    @property
    def hosts(self) -> frozenset[str]:
        """Return the hosts whose status is known, or that are known to be unreachable."""
        return frozenset(self.by_host)

    @property
    def unreachable_hosts(self) -> tuple[str, ...]:
        """Return the hosts whose Onepanel did not answer the latest query, longest-waiting first."""
        return tuple(host for host, status in self.by_host.items() if status is Status.UNREACHABLE)

    @property
    def doubtful(self) -> tuple[str, ...]:
        """Return the hosts to query last next time: those without an answer this time."""
        return (*self.unreachable_hosts, *self.silent)


def read_statuses(
    component: str, answer: Response, before: frozenset[str] = frozenset()
) -> ComponentStatus | Failure:
    """Return the map of hosts to statuses. `before` are hosts that are known already."""
    body = read_object(answer)
    if isinstance(body, Failure):
        return body
    return _component_status(component, *guard(body.items(), MAX_HOSTS, before))


def _component_status(component: str, words: Mapping[str, object], dropped: int) -> ComponentStatus:
    foreign = [word for word in words.values() if isinstance(word, str) and not isinstance(word, Status)]
    return ComponentStatus(
        component,
        {host: status_of(word) for host, word in words.items()},
        frozenset(sanitize(word) for word in foreign if word not in WORDS),
        dropped=dropped,
    )


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


def _conversation(plural: str, component: str, known_before: Known) -> Conversation[ComponentStatus]:
    found, before = _found_before(known_before), hosts_named(known_before.learnt)
    url = f"{API_ROOT}/{known_before.service}/{plural}"
    whole = request_about(url, partial(read_statuses, component, before=before), about_host=True)
    if not (any(found.values()) or known_before.doubtful):
        statuses = yield from send(whole)
        if isinstance(statuses, ComponentStatus) or not concerns_one_host(statuses):
            return statuses
    layout_url = f"{API_ROOT}/{known_before.service}/configuration"
    hosts = yield from send(request_about(layout_url, partial(read_layout, plural)))
    if not isinstance(hosts, tuple):
        return hosts
    kept, dropped = guard(((host, host) for host in hosts), MAX_HOSTS, before)
    doubtful = tuple(host for host in known_before.doubtful if host in kept and host not in found)
    survey = HostSurvey(url, kept, found, doubtful)
    yield from survey.ask()
    if survey.only_silence:
        statuses = yield from send(replace(whole, elsewhere=True))
        if isinstance(statuses, ComponentStatus):
            return statuses
    elif survey.reply and not survey.words:
        return survey.reply
    not_learnt = tuple(host for host in kept if host not in survey.words)
    silent = tuple(host for host in (*survey.not_asked, *survey.silent) if host not in survey.words)
    return replace(_component_status(component, survey.words, dropped), not_learnt=not_learnt, silent=silent)


def _found_before(known_before: Known) -> dict[str, bool]:
    """Return whether a host is unreachable, for each host that an earlier operation of this round has queried."""
    found: dict[str, bool] = {}
    for outcome in known_before.learnt.values():
        if isinstance(outcome, ComponentStatus):
            found |= {host: status is Status.UNREACHABLE for host, status in outcome.by_host.items()}
    return found


def _applies(known_before: Known) -> bool:
    """Return whether to send requests: an undeployed cluster logs an error for each of them."""
    return with_credentials(known_before) and known_before.deployed is not False


def _readings(facts: ComponentStatus) -> Iterator[Reading]:
    for host, status in facts.by_host.items():
        yield state_set(status, facts.component, host)


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
