"""What `users` prints: results, and what to do about each failure. Pure."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import NamedTuple

from exporter.client.at_most_once import ChangeOutcome, Step
from exporter.operations.users import NAME_TAKEN, User
from exporter.reasons import Reason

_TRIED = {
    "list": "the users were not listed",
    "show": "the user cannot be shown",
    "create": "the user was not created",
    "set-password": "the password was not set",
}
_ADVICE = {
    400: "the server rejects a value: correct the value that it names",
    401: "check the token or the passphrase; if no fault of it is named, Onepanel's own database is down",
    403: "use the credentials of an administrator of the Onezone; the user may also be no member of it",
    404: "see `users list` for the ids and names",
    409: "the name is taken: choose another --username",
    503: "user administration needs a running Onezone worker: see `onedata-exporter probe`",
}
_ADVICE_BY_ERROR = {"noServiceNodes": _ADVICE[503], NAME_TAKEN: _ADVICE[409]}
_NO_SUCH_OPERATION = "this is no Onezone: users are administered at the Onezone, not at a Oneprovider"
# An unknown URL is 406 where only JSON is accepted.
_NO_SUCH_ROUTE = frozenset({404, 406})
_NOT_KNOWN = {
    "create": "it is not known whether the user was created",
    "set-password": "it is not known whether the password was set",
}
_CHECK = {
    "create": "it was not sent again. See with `users list` and `users show` before you repeat it",
    "set-password": "it was not sent again. Try the new password; setting it again does no harm",
}


class UserList(NamedTuple):
    """The ids of all users, and the users whose names were read."""

    ids: tuple[str, ...]
    users: tuple[User, ...]


def write_result(reply: object, arguments: argparse.Namespace) -> tuple[str, Mapping[str, object]]:
    """Return a success as text, and as members of a JSON object."""
    if isinstance(reply, UserList):
        return _table(reply), {"ids": list(reply.ids), "users": [_members(user) for user in reply.users]}
    if isinstance(reply, User):
        words = f"id:        {reply.user_id}\nusername:  {reply.username}\nfull name: {reply.full_name}"
        return words, _members(reply)
    if isinstance(reply, str):
        return f"created user {reply}", {"id": reply}
    return f"the password of user {arguments.user_id} is set", {"id": arguments.user_id}


def _members(user: User) -> dict[str, str]:
    return {"id": user.user_id, "username": user.username, "full_name": user.full_name}


def _table(listed: UserList) -> str:
    """Return a line for each user: id, user name, full name, as far as the names are known."""
    by_id = {user.user_id: user for user in listed.users}
    width = max((len(user.username) for user in listed.users), default=0)
    lines = []
    for user_id in listed.ids:
        user = by_id.get(user_id)
        lines.append(f"{user_id}  {user.username:<{width}}  {user.full_name}".rstrip() if user else user_id)
    return "\n".join(lines) or "no users"


def write_failure(action: str, where: str, step: Step) -> str:
    """Return two lines: what failed and why, and what to do."""
    failure = step.failure
    unknown = step.outcome is ChangeOutcome.UNKNOWN and action in _NOT_KNOWN
    what = _NOT_KNOWN[action] if unknown else _TRIED[action]
    advice = _CHECK[action] if unknown else _advice(step)
    return f"{what}: {where}: {failure}\n{advice}"


def _advice(step: Step) -> str:
    failure = step.failure
    if failure is None:  # pragma: no cover - the caller has a failure
        return ""
    if step.status in _NO_SUCH_ROUTE and not failure.from_onepanel:
        return _NO_SUCH_OPERATION
    answered = failure.reason is not Reason.PROXY_UPSTREAM
    advice = _ADVICE_BY_ERROR.get(failure.error_id) or _ADVICE.get(step.status)
    return (advice if answered else None) or failure.reason.advice
