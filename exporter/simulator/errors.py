"""Onepanel's own errors, in its own words."""

from __future__ import annotations

from typing import Any

from exporter.simulator.messages import JSON, Reply, encode_json

# Onepanel allows every web page to read its answers; the worker's own answers lack this header.
ONEPANEL_HEADERS = (("server", "Cowboy"), ("access-control-allow-origin", "*"))


def onepanel_reply(status: int, value: Any) -> Reply:
    """A JSON answer of Onepanel."""
    return Reply(status, encode_json(value), JSON, ONEPANEL_HEADERS)


def empty_reply(status: int, *headers: tuple[str, str]) -> Reply:
    """An answer of Onepanel without body and content type."""
    return Reply(status, headers=(*ONEPANEL_HEADERS, *headers))


def _error(status: int, error_id: str, description: str, details: Any = None) -> Reply:
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
NO_WORKER_DEPLOYED = _error(
    400, "noServiceNodes", "Service oz_worker is not deployed on any node.", {"service": "oz_worker"}
)
MALFORMED = _error(400, "malformedData", "Provided data could not be understood by the server.")
NOT_FOUND = _error(404, "notFound", "The resource could not be found.")
SERVICE_UNAVAILABLE = _error(503, "serviceUnavailable", "Service required for this operation is offline.")
INTERNAL_ERROR = _error(
    500, "internalServerError", "The server has encountered an error while processing this request."
)
