"""The *symptom* of one access path: what its public operations met in a round, in one word. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from exporter.observation import Connection, Observation, Phase
from exporter.reasons import CERTIFICATE_REASONS, Reason


class Symptom(StrEnum):
    """What one path showed in the last round."""

    HEALTHY = "healthy"
    HANGING = "hanging"
    UNHEALTHY = "unhealthy"
    FULL = "full"
    UNCLEAR = "unclear"
    LOSSY = "lossy"
    UNFINISHED = "unfinished"
    EMPTY_503 = "empty_503"
    FAILING = "failing"
    FOREIGN = "foreign"
    SILENT = "silent"
    FROZEN = "frozen"
    REFUSED = "refused"
    NO_CONNECTION = "no_connection"
    LOST = "lost"
    CERTIFICATE = "certificate"
    UNSEEN = "unseen"


SYMPTOM_MEANINGS: Mapping[Symptom, str] = {
    Symptom.HEALTHY: "Onepanel answers and reports that it is healthy",
    Symptom.HANGING: "Onepanel reports that it is healthy, but never its `configuration`",
    Symptom.UNHEALTHY: "Onepanel answers, but `health` reports a failure or never ends",
    Symptom.FULL: "Onepanel answers 503 `serviceUnavailable` to every public operation",
    Symptom.UNCLEAR: "Onepanel answers, but with another error than `health` has for an unhealthy node",
    Symptom.LOSSY: "Onepanel answers one public operation; the answer to the other is lost, or is not Onepanel's",
    Symptom.UNFINISHED: "Onepanel answers, but the round ended before the result of `health`",
    Symptom.EMPTY_503: "503 with an empty body: the worker's proxy answers, with no Onepanel behind it",
    Symptom.FAILING: "HTTP 500, or an empty answer: a server that answers and fails",
    Symptom.FOREIGN: "HTTP, or something like it, but not Onepanel's answer (HTML 50x, 404, redirect, …)",
    Symptom.SILENT: "the connection is open, then no answer comes",
    Symptom.FROZEN: "the port accepts connections, but never answers a TLS handshake",
    Symptom.REFUSED: "connection refused",
    Symptom.NO_CONNECTION: "no connection: unknown name, no answer, unreachable",
    Symptom.LOST: "the connection is closed amid the answer",
    Symptom.CERTIFICATE: "the certificate or the TLS handshake fails",
    Symptom.UNSEEN: "not polled yet, or the round ended before an answer",
}

# The symptoms of a path over which Onepanel answered.
UP = frozenset(
    {
        Symptom.HEALTHY,
        Symptom.HANGING,
        Symptom.UNHEALTHY,
        Symptom.FULL,
        Symptom.UNCLEAR,
        Symptom.LOSSY,
        Symptom.UNFINISHED,
    }
)

_SUCCESSES = range(200, 300)
_BY_REASON: Mapping[Reason, Symptom] = {
    Reason.RESOLVE: Symptom.NO_CONNECTION,
    Reason.CONNECT_TIMEOUT: Symptom.NO_CONNECTION,
    Reason.CONNECT: Symptom.NO_CONNECTION,
    Reason.CONNECTION_REFUSED: Symptom.REFUSED,
    Reason.TIMEOUT: Symptom.SILENT,
    Reason.CONNECTION_LOST: Symptom.LOST,
    Reason.TLS_HANDSHAKE: Symptom.CERTIFICATE,
    Reason.SERVER_ERROR: Symptom.FAILING,
    **dict.fromkeys(CERTIFICATE_REASONS, Symptom.CERTIFICATE),
}


def symptom(
    configuration: Observation | None,
    health: Observation | None,
    connections: Sequence[Connection] = (),
) -> Symptom:
    """Return the symptom of a path, from its two public operations and the connections opened for them."""
    if configuration is None or health is None:
        return Symptom.UNSEEN
    answered = [seen for seen in (configuration, health) if seen.onepanel_answered]
    if not answered:
        return _without_onepanel(configuration, health, connections)
    failures = [seen.failure for seen in (configuration, health) if is_learnt(seen)]
    if all(failure and failure.reason is Reason.SERVICE_UNAVAILABLE for failure in failures):
        return Symptom.FULL
    if health.failure and health.failure.reason is Reason.UNHEALTHY:
        return Symptom.UNHEALTHY
    if any(seen.failure for seen in answered):
        return Symptom.UNCLEAR
    return _of_health(health) if configuration.failure is None else _of_configuration(configuration)


def is_learnt(seen: Observation) -> bool:
    """Return whether an operation had all of its time, so that its failure can be attributed to the server."""
    is_bug = seen.failure is not None and seen.failure.reason is Reason.INTERNAL
    return seen.not_learnt is None and not is_bug


def is_missing(health: Observation) -> bool:
    """Return whether the server has no such operation, as versions before 21.02.1."""
    failure = health.failure
    return failure is not None and failure.reason is Reason.NOT_FOUND and not failure.from_onepanel


def _of_health(health: Observation) -> Symptom:
    """Return the symptom of a path whose Onepanel reports its configuration and no failure of `health`."""
    failure = health.failure
    if not is_learnt(health):
        return Symptom.UNFINISHED
    if failure is None or is_missing(health):
        return Symptom.HEALTHY
    return Symptom.UNHEALTHY if failure.reason is Reason.TIMEOUT else Symptom.LOSSY


def _of_configuration(configuration: Observation) -> Symptom:
    """Return the symptom of a path whose Onepanel reports that it is healthy, but not its configuration."""
    failure = configuration.failure
    if not is_learnt(configuration):
        return Symptom.HEALTHY
    hangs = failure is not None and failure.reason is Reason.TIMEOUT
    return Symptom.HANGING if hangs or _is_empty_503(configuration) else Symptom.LOSSY


def _is_empty_503(seen: Observation) -> bool:
    """Return whether the worker's proxy answers in place of Onepanel, at once or after it has waited."""
    return (seen.last.status, seen.last.body_bytes) == (503, 0)


def _without_onepanel(
    configuration: Observation, health: Observation, connections: Sequence[Connection]
) -> Symptom:
    learnt = [seen for seen in (configuration, health) if is_learnt(seen)]
    if not learnt:
        return Symptom.UNSEEN
    # An HTTP answer is more informative than none; of two, `health` is the later one.
    seen = max(reversed(learnt), key=lambda each: each.last.status > 0)
    if _is_empty_503(seen):
        return Symptom.EMPTY_503
    reason = seen.failure.reason if seen.failure else Reason.INTERNAL
    if reason is Reason.TIMEOUT and _is_frozen(connections):
        return Symptom.FROZEN
    is_empty = reason is Reason.INVALID_BODY and seen.last.status in _SUCCESSES and not seen.last.body_bytes
    return Symptom.FAILING if is_empty else _BY_REASON.get(reason, Symptom.FOREIGN)


def _is_frozen(connections: Sequence[Connection]) -> bool:
    """Return whether every connection was accepted, and no TLS handshake was answered."""
    return bool(connections) and all(
        each.failure is not None and Phase.CONNECT in each.phases and Phase.TLS not in each.phases
        for each in connections
    )
