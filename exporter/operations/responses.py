"""Reading an HTTP answer: what its status means, and its JSON body if it has one.

There are two kinds of 503, 500 and 404 (with Onepanel's JSON error, and empty), so that nothing is concluded
from the status alone, and no body is parsed unconditionally.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

from exporter.caches import BoundedCache
from exporter.reasons import Failure, Reason

Value = TypeVar("Value")

_MAX_DETAIL = 200
_KEPT_BYTES = 4 * 1024 * 1024
_MAX_KEPT_ANSWER_BYTES = 1024
# What is read from an answer takes a few times the room of its body.
_FACTS_PER_BODY = 4
# Text that is not Unicode: surrogates stand for bytes that are not UTF-8, or were escaped alone.
_NOT_UNICODE = re.compile(r"[\ud800-\udfff]")
_PROXY_STATUSES = frozenset({502, 503, 504})
_REASONS = {
    401: Reason.UNAUTHORIZED,
    403: Reason.FORBIDDEN,
    404: Reason.NOT_FOUND,
    503: Reason.TEMPORARY_FAILURE,
}
# The circuit breaker on a public operation; on one that needs the worker it means that the worker is down.
_UNAVAILABLE_ERROR = "serviceUnavailable"


@dataclass(frozen=True, slots=True)
class Response:
    """A whole HTTP answer: status, media type in lower case without parameters, and body.

    `seconds` is how long the exchange took, `received_at` when it ended (seconds since the epoch). Answers that differ
    in nothing else are equal.
    """

    status: int
    content_type: str = ""
    body: bytes = b""
    seconds: float = field(default=0.0, compare=False)
    received_at: float = field(default=0.0, compare=False)


def cached(read: Callable[[Response], Value]) -> Callable[[Response], Value]:
    """Make a reader read equal answers once: what it made of them is immutable, and shared.

    That is for answers that seldom change and are asked for often. Long ones are not kept.
    """
    kept: BoundedCache[Response, Value] = BoundedCache(_KEPT_BYTES)

    @wraps(read)
    def read_or_recall(answer: Response) -> Value:
        size = len(answer.body) + len(answer.content_type)
        if size > _MAX_KEPT_ANSWER_BYTES:
            return read(answer)
        return kept.get(answer, lambda: read(answer), _FACTS_PER_BODY * size)

    return read_or_recall


def sanitize(text: str) -> str:
    """Make foreign text fit for a log line or page: printable, on one line, of bounded length."""
    clean = "".join(char if char.isprintable() else " " for char in text[: 2 * _MAX_DETAIL])
    clean = " ".join(clean.split())
    return clean if len(clean) <= _MAX_DETAIL else clean[: _MAX_DETAIL - 1] + "…"


def clean_text(value: object) -> str:
    """Return a text of a JSON body, made fit; empty for anything else, and for text that is not Unicode."""
    if not isinstance(value, str) or _NOT_UNICODE.search(value):
        return ""
    return sanitize(value)


def parse_json(answer: Response) -> Any:
    """Return the JSON value of a body; raise ValueError (also for a body nested too deeply).

    Bytes that are not UTF-8 become lone surrogates, so that only the texts with such bytes are lost.
    """
    if answer.content_type != "application/json":
        kind = sanitize(answer.content_type) or "nothing"
        raise ValueError(f"expected application/json, got {kind}")
    try:
        return json.loads(answer.body.decode("utf-8", "surrogateescape"))
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def failure_of(answer: Response, success: int = 200) -> Failure | None:
    """Return why an answer is not a success, by its status and Onepanel's own error; None for the status `success`."""
    if answer.status == success:
        return None
    error_id, description, cause_id = _onepanel_error(answer)
    detail = f"HTTP {answer.status}"
    if error_id:
        detail = sanitize(f"{detail} {error_id}: {description}" if description else f"{detail} {error_id}")
    elif not answer.body:
        detail += " with an empty body"
    elif answer.content_type:
        detail += f" with {sanitize(answer.content_type)}"
    return Failure(_reason(answer, error_id), detail, error_id, cause_id)


# The first row whose lowest status is reached.
_REASONS_BY_CLASS = (
    (500, Reason.SERVER_ERROR),
    (400, Reason.CLIENT_ERROR),
    (300, Reason.REDIRECT),
    (0, Reason.INVALID_BODY),
)


def _reason(answer: Response, error_id: str) -> Reason:
    if error_id == _UNAVAILABLE_ERROR and answer.status == 503:
        return Reason.SERVICE_UNAVAILABLE
    if answer.status in _PROXY_STATUSES and not error_id:
        return Reason.WORKER_UNREACHABLE if _is_relayed_silence(answer) else Reason.PROXY_UPSTREAM
    by_class = next(reason for lowest, reason in _REASONS_BY_CLASS if answer.status >= lowest)
    return _REASONS.get(answer.status, by_class)


def _is_relayed_silence(answer: Response) -> bool:
    """Return whether Onepanel answers in place of a worker whose listener is down: an empty report."""
    return (answer.status, answer.content_type, answer.body) == (503, "text/xml", b"")


def _onepanel_error(answer: Response) -> tuple[str, str, str]:
    """Return id, description and id of the cause of Onepanel's JSON error; empty when the body is anything else."""
    try:
        body = parse_json(answer)
        error = body["error"]
        error_id = error["id"]
        if not isinstance(error_id, str):
            return "", "", ""
        return sanitize(error_id), *_explained(error)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):
        return "", "", ""


def _explained(error: dict[str, Any]) -> tuple[str, str]:
    """Return Onepanel's description of an error, and the id of its cause: that of `authError`, or a node's own error.

    Only the `authError` describes what is wrong with a rejected credential.
    """
    found = error.get("details")
    details = found if isinstance(found, dict) else {}
    auth, nested = details.get("authError"), details.get("error")
    cause = auth if isinstance(auth, dict) else nested if isinstance(nested, dict) else {}
    cause_id = cause.get("id")
    described = cause if isinstance(auth, dict) and auth.get("description") else error
    return str(described.get("description", "")), sanitize(cause_id) if isinstance(cause_id, str) else ""


def read_object(answer: Response, success: int = 200) -> dict[str, Any] | Failure:
    """Return the JSON object of a successful answer, or why there is none."""
    failure = failure_of(answer, success)
    if failure is not None:
        return failure
    try:
        body = parse_json(answer)
    except ValueError as error:
        return Failure(Reason.INVALID_BODY, sanitize(str(error)))
    if not isinstance(body, dict):
        return Failure(Reason.INVALID_BODY, f"expected a JSON object, got {type(body).__name__}")
    return body
