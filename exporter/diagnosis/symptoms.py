"""What one access path showed: its answers reduced to one word, the *symptom*. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from exporter.observation import Observation
from exporter.reasons import CERTIFICATE_REASONS, Reason


class Symptom(StrEnum):
    """What one path showed in the last round."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    FULL = "full"
    UNCLEAR = "unclear"
    LOSSY = "lossy"
    EMPTY_503 = "empty_503"
    FOREIGN = "foreign"
    SILENT = "silent"
    REFUSED = "refused"
    NO_CONNECTION = "no_connection"
    LOST = "lost"
    CERTIFICATE = "certificate"
    UNSEEN = "unseen"


SYMPTOM_MEANINGS: Mapping[Symptom, str] = {
    Symptom.HEALTHY: "Onepanel answers and does not call itself unhealthy",
    Symptom.UNHEALTHY: "Onepanel answers, but `health` says no or never ends",
    Symptom.FULL: "Onepanel answers 503 `service_unavailable` to every public operation",
    Symptom.UNCLEAR: "Onepanel answers, but what it says tells nothing of its health",
    Symptom.LOSSY: "Onepanel answers one public operation; the connection of the other is lost",
    Symptom.EMPTY_503: "503 with an empty body: the worker's proxy speaks, with nobody behind it",
    Symptom.FOREIGN: "HTTP, or something like it, but not Onepanel's words (HTML 50x, 404, redirect, …)",
    Symptom.SILENT: "the connection is accepted, then nothing",
    Symptom.REFUSED: "connection refused",
    Symptom.NO_CONNECTION: "no connection: unknown name, no answer, unreachable",
    Symptom.LOST: "the connection is cut amid the answer",
    Symptom.CERTIFICATE: "the certificate or the TLS handshake fails",
    Symptom.UNSEEN: "not asked yet",
}

_BY_REASON: Mapping[Reason, Symptom] = {
    Reason.RESOLVE: Symptom.NO_CONNECTION,
    Reason.CONNECT_TIMEOUT: Symptom.NO_CONNECTION,
    Reason.CONNECT: Symptom.NO_CONNECTION,
    Reason.CONNECTION_REFUSED: Symptom.REFUSED,
    Reason.TIMEOUT: Symptom.SILENT,
    Reason.CONNECTION_LOST: Symptom.LOST,
    Reason.TLS_HANDSHAKE: Symptom.CERTIFICATE,
    Reason.INTERNAL: Symptom.UNSEEN,
    **dict.fromkeys(CERTIFICATE_REASONS, Symptom.CERTIFICATE),
}

UP = frozenset({Symptom.HEALTHY, Symptom.UNHEALTHY, Symptom.FULL, Symptom.UNCLEAR, Symptom.LOSSY})

# A request that failed for another reason without an HTTP answer, beside one that Onepanel answered, was lost.
_NOT_LOST = frozenset({Reason.TIMEOUT, Reason.INTERNAL})


def symptom(configuration: Observation | None, health: Observation | None) -> Symptom:
    """What one path showed, from the two operations that every round asks over it."""
    if configuration is None or health is None:
        return Symptom.UNSEEN
    if not (configuration.onepanel_answered or health.onepanel_answered):
        return _without_onepanel(health)
    failures = (configuration.failure, health.failure)
    if all(failure and failure.reason is Reason.SERVICE_UNAVAILABLE for failure in failures):
        return Symptom.FULL
    if any(_is_lost(seen) for seen in (configuration, health)):
        return Symptom.LOSSY
    hangs = configuration.failure is not None and configuration.failure.reason is Reason.TIMEOUT
    return _of_health(health) if configuration.failure is None or hangs else Symptom.UNCLEAR


def _is_lost(seen: Observation) -> bool:
    """Return whether the path lost the request: no HTTP answer, though Onepanel answers the other one."""
    if seen.failure is None:
        return False
    unanswered = seen.last.status == 0 and seen.failure.reason not in _NOT_LOST
    return unanswered or seen.failure.reason is Reason.CONNECTION_LOST


def _without_onepanel(observation: Observation) -> Symptom:
    failure = observation.failure
    if failure is None:  # pragma: no cover - the caller has seen that there is one
        return Symptom.UNSEEN
    exchange = observation.last
    if (exchange.status, exchange.body_bytes) == (503, 0):
        return Symptom.EMPTY_503
    return _BY_REASON.get(failure.reason, Symptom.FOREIGN)


def _of_health(health: Observation) -> Symptom:
    """What `health` means on a path whose Onepanel has just told its configuration."""
    failure = health.failure
    if failure is None:
        return Symptom.HEALTHY
    if failure.reason is Reason.NOT_FOUND and not failure.from_onepanel:
        return Symptom.HEALTHY  # older than 21.02.1: no such operation
    silent = health.last.status == 0
    return Symptom.UNHEALTHY if failure.reason is Reason.UNHEALTHY or silent else Symptom.UNCLEAR
