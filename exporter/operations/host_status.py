"""The status of a component on one host, as Onepanel words it."""

from __future__ import annotations

from enum import StrEnum

from exporter.operations.responses import Response, failure_of, parse_json, sanitize
from exporter.reasons import Failure, Reason


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


WORDS = {status.value: status for status in Status if status is not Status.UNREACHABLE}


def status_of(word: object) -> Status:
    """Return the status that a word means; a `Status` is our own word, and not the server's."""
    if isinstance(word, Status):
        return word
    return WORDS.get(word, Status.UNKNOWN) if isinstance(word, str) else Status.UNKNOWN


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
