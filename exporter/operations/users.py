"""The users of a Onezone: how many there are (polled), and administration for people.

`GET /zone/users` and its siblings need an administrator and a healthy worker. What changes something
is a conversation of its own, held by the `users` command only; it is never polled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote

from exporter.metrics import Metric, Scope
from exporter.operations.operation import (
    API_ROOT,
    Cadence,
    Known,
    Operation,
    Request,
    ask,
    known,
    with_credentials,
)
from exporter.operations.outcome import Facts
from exporter.operations.responses import Response, clean_text, failure_of, read_object
from exporter.reasons import Failure, Reason
from exporter.targets import Kind

_URL = f"{API_ROOT}/zone/users"
# The id of the error within `errorOnNodes` with which a taken name is refused.
NAME_TAKEN = "badValueIdentifierOccupied"
_MAX_BODY_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class UserCount(Facts):
    """The number of users."""

    count: int


@dataclass(frozen=True, slots=True)
class UserIds:
    """The ids of all users."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class User:
    """One user; an empty string is what the server did not report."""

    user_id: str
    full_name: str
    username: str


@dataclass(frozen=True, slots=True)
class Done:
    """A change that was carried out; its answer has no content."""


def _listed(answer: Response) -> list[str] | Failure:
    body = read_object(answer)
    if isinstance(body, Failure):
        return body
    ids = body.get("ids")
    if not isinstance(ids, list):
        return Failure(Reason.INVALID_BODY, "no ids in the list of users")
    return [each for each in ids if isinstance(each, str)]


def read_count(answer: Response) -> UserCount | Failure:
    """Return how many users are listed; their ids are not kept."""
    ids = _listed(answer)
    return ids if isinstance(ids, Failure) else UserCount(len(ids))


def read_ids(answer: Response) -> UserIds | Failure:
    """Return the list of users."""
    ids = _listed(answer)
    return ids if isinstance(ids, Failure) else UserIds(tuple(clean_text(each) for each in ids))


def read_user(answer: Response) -> User | Failure:
    """Return the details of one user."""
    body = read_object(answer)
    if isinstance(body, Failure):
        return body
    user_id, full_name, username = (clean_text(body.get(key)) for key in ("userId", "fullName", "username"))
    return User(user_id, full_name, username)


def read_created(answer: Response) -> str | Failure:
    """Return the id of a user that was created: 201 `{"id": …}`."""
    body = read_object(answer, success=201)
    if isinstance(body, Failure):
        return replace(body, error_id=NAME_TAKEN) if NAME_TAKEN.encode() in answer.body else body
    return clean_text(body.get("id")) or Failure(Reason.INVALID_BODY, "created, but the answer names no id")


def read_done(answer: Response) -> Done | Failure:
    """Return that a change was carried out: 204 without a body."""
    return failure_of(answer, success=204) or Done()


def list_users() -> Request[UserIds]:
    """Ask for the ids of all users."""
    return Request(_URL, read_ids, credentials=True, max_body_bytes=_MAX_BODY_BYTES)


def show_user(user_id: str) -> Request[User]:
    """Ask for one user's details; 404 when there is none of this id."""
    return Request(f"{_URL}/{quote(user_id, safe='')}", read_user, credentials=True)


def create_user(username: str, password: str, full_name: str, groups: tuple[str, ...]) -> Request[str]:
    """Create a user; 400 when the name is taken. Empty `full_name` and `groups` are left to the server."""
    body: dict[str, object] = {"username": username, "password": password}
    if full_name:
        body["fullName"] = full_name
    if groups:
        body["groups"] = list(groups)
    return Request(_URL, read_created, method="POST", body=body, credentials=True)


def set_password(user_id: str, password: str) -> Request[Done]:
    """Set one user's password; 404 when there is none of this id."""
    url = f"{_URL}/{quote(user_id, safe='')}"
    return Request(url, read_done, method="PATCH", body={"newPassword": password}, credentials=True)


def _applies(known_before: Known) -> bool:
    return with_credentials(known_before) and known_before.kind is Kind.ONEZONE


OPERATION: Operation[UserCount] = Operation(
    name="users",
    summary="the number of users of the zone",
    conversation=ask("/zone/users", read_count, credentials=True, max_body_bytes=_MAX_BODY_BYTES),
    cadence=Cadence.DETAILS,
    needs_credentials=True,
    applies=_applies,
    metrics=(
        Metric(
            name="onedata_zone_users",
            help="Number of users of the zone. Absent where they may not be listed.",
            scope=Scope.TARGET,
            see=known(UserCount, lambda facts: facts.count),
        ),
    ),
)
