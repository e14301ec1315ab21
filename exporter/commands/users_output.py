"""What `users` says: results, and what to do about each failure. Pure."""

from __future__ import annotations

import argparse
from typing import Any

from exporter.client.at_most_once import ChangeOutcome, Step
from exporter.operations.users import NAME_TAKEN, User, UserIds
from exporter.reasons import Reason

_TRIED = {
    "list": "the users were not listed",
    "show": "the user cannot be shown",
    "create": "the user was not created",
    "set-password": "the password was not set",
}
_ADVICE = {
    400: "the server does not accept what was sent: correct the value that it names",
    401: "check the token or the passphrase; 401 can also mean that Onepanel's own database is down",
    403: "use the credentials of an administrator of the Onezone",
    404: "`users list` tells the ids",
    409: "the name is taken: choose another --username",
    503: "user administration needs a running Onezone worker: see `onedata-exporter probe`",
}
_ADVICE_BY_ERROR = {"noServiceNodes": _ADVICE[503], NAME_TAKEN: _ADVICE[409]}
_NO_SUCH_OPERATION = "nothing here administers users: is the URL that of a Onezone?"
_NOT_KNOWN = {
    "create": "it is not known whether the user was created",
    "set-password": "it is not known whether the password was set",
}
_CHECK = {
    "create": "it was not sent again. See with `users list` and `users show` before you repeat it",
    "set-password": "it was not sent again. Try the new password; setting it once more does no harm",
}


def tell_result(reply: Any, arguments: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    """A success as text, and as members of a JSON object."""
    if isinstance(reply, UserIds):
        return "\n".join(reply.ids) or "no users", {"ids": list(reply.ids)}
    if isinstance(reply, User):
        words = f"id:        {reply.user_id}\nusername:  {reply.username}\nfull name: {reply.full_name}"
        return words, {"id": reply.user_id, "username": reply.username, "full_name": reply.full_name}
    if isinstance(reply, str):
        return f"created user {reply}", {"id": reply}
    return f"the password of user {arguments.user_id} is set", {"id": arguments.user_id}


def tell_failure(action: str, where: str, step: Step) -> str:
    """Two lines: what failed and why, and what to do."""
    failure = step.failure
    unknown = step.outcome is ChangeOutcome.UNKNOWN and action in _NOT_KNOWN
    what = _NOT_KNOWN[action] if unknown else _TRIED[action]
    advice = _CHECK[action] if unknown else _advice(step)
    return f"{what}: {where}: {failure}\n{advice}"


def _advice(step: Step) -> str:
    failure = step.failure
    if failure is None:  # pragma: no cover - told of failures only
        return ""
    if failure.reason is Reason.NOT_FOUND and not failure.from_onepanel:
        return _NO_SUCH_OPERATION
    spoken = failure.reason is not Reason.PROXY_UPSTREAM
    advice = _ADVICE_BY_ERROR.get(failure.error_id) or _ADVICE.get(step.status)
    return (advice if spoken else None) or failure.reason.advice
