"""Onepanel's own errors, in its own words, and what all of its answers have in common."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from exporter.simulator.messages import JSON, Reply, encode_json

# Onepanel allows every web page to read its answers; the worker's own answers lack this header.
ONEPANEL_HEADERS = (("server", "Cowboy"), ("access-control-allow-origin", "*"))
# A change was carried out.
NO_CONTENT = Reply(204, content_type=JSON, headers=ONEPANEL_HEADERS)


def onepanel_reply(status: int, value: object) -> Reply:
    """Return a JSON answer of Onepanel."""
    return Reply(status, encode_json(value), JSON, ONEPANEL_HEADERS)


def with_header(reply: Reply, header: tuple[str, str]) -> Reply:
    """Return an answer with one more header."""
    return replace(reply, headers=(*reply.headers, header))


def empty_reply(status: int, *headers: tuple[str, str]) -> Reply:
    """Return an answer of Onepanel without body and content type."""
    return Reply(status, headers=(*ONEPANEL_HEADERS, *headers))


def _error(status: int, error_id: str, description: str, details: object = None) -> Reply:
    error = {"id": error_id, **({"details": details} if details else {}), "description": description}
    return onepanel_reply(status, {"error": error})


def _bad_authentication(error_id: str, description: str) -> Reply:
    return _error(
        401,
        "unauthorized",
        "Provided authentication is not valid (see details).",
        {"authError": {"id": error_id, "description": description}},
    )


UNAUTHORIZED = _error(401, "unauthorized", "You must authenticate yourself to perform this operation.")
BAD_PASSPHRASE = _bad_authentication("badBasicCredentials", "Invalid username or password.")
BAD_TOKEN = _bad_authentication("tokenInvalid", "Provided token is not valid.")
EXPIRED_TOKEN = _bad_authentication(
    "tokenCaveatUnverified", "Provided token is not valid - time caveat unverified: the token has expired."
)
CONFINED_TOKEN = _bad_authentication(
    "tokenCaveatUnverified", "Provided token is not valid - service caveat unverified."
)
FORBIDDEN = _error(403, "forbidden", "You are not authorized to perform this operation.")
BAD_USERNAME = _error(400, "badValueUsername", "Bad value: provided username must be 2-20 characters long.")
NAME_TAKEN = _error(
    400,
    "badValueIdentifierOccupied",
    "Bad value: provided identifier (username) is already occupied.",
    {"key": "username"},
)
UNSUPPORTED_MEDIA_TYPE = empty_reply(415)
MALFORMED = _error(400, "malformedData", "Provided data could not be understood by the server.")
NOT_FOUND = _error(404, "notFound", "The resource could not be found.")
SERVICE_UNAVAILABLE = _error(503, "serviceUnavailable", "Service required for this operation is offline.")
# What else is answered with status 503, by error id.
FAILURES = {
    error_id: _error(503, error_id, text)
    for error_id, text in (
        ("temporaryFailure", "Service unavailable: temporary failure."),
        ("timeout", "Operation timed out."),
        ("noConnectionToOnezone", "No connection to Onezone."),
        ("unregisteredOneprovider", "The Oneprovider is not registered at any Onezone."),
        ("limitReached", "Limit reached: too many requests at once."),
    )
}
INTERNAL_ERROR = _error(
    500, "internalServerError", "The server has encountered an error while processing this request."
)


def no_worker_deployed(worker: str) -> Reply:
    """Return the refusal of a token in a cluster without a worker."""
    return _error(
        400, "noServiceNodes", f"Service {worker} is not deployed on any node.", {"service": worker}
    )


def missing(key: str) -> Reply:
    """Return the error for a body that lacks a key."""
    return _error(400, "missingRequiredValue", f"Missing required value: {key}.", {"key": key})


def bad_string(key: str) -> Reply:
    """Return the error for a value that is not a string."""
    return _error(400, "badValueString", f'Bad value: provided "{key}" must be a string.', {"key": key})


def bad_boolean(key: str) -> Reply:
    """Return the error for a value that is neither `true` nor `false`."""
    return _error(400, "badValueBoolean", f'Bad value: provided "{key}" must be a boolean.', {"key": key})


def bad_list_of_strings(key: str) -> Reply:
    """Return the error for a value that is not a list of strings."""
    text = f'Bad value: provided "{key}" must be a list of strings.'
    return _error(400, "badValueListOfStrings", text, {"key": key})


def on_nodes(hosts: Sequence[str], reply: Reply) -> Reply:
    """Return an error as one that occurred on some nodes of the cluster."""
    error = json.loads(reply.body)["error"]
    text = f"Error on nodes {', '.join(hosts)}: {error['description']}"
    return _error(reply.status, "errorOnNodes", text, {"hostnames": list(hosts), "error": error})


def no_connection_to(hosts: Sequence[str]) -> Reply:
    """Return the error for hosts of the cluster that do not answer."""
    return on_nodes(hosts, _error(503, "noConnectionToClusterNode", "No connection to cluster node."))


def hosts_not_allowed(allowed: Sequence[str]) -> Reply:
    """Return the error for a component on hosts that have left the Onepanel cluster."""
    text = (
        'Bad value: provided "hosts" must be a list containing zero or more following values: '
        f"{', '.join(allowed)}."
    )
    return _error(400, "badValueListNotAllowed", text, {"key": "hosts", "allowed": list(allowed)})
