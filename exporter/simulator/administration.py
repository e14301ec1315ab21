"""User administration as the simulated Onepanel answers it: `/zone/users` and `/zone/users/ID`."""

from __future__ import annotations

import json
from typing import Any

from exporter.simulator.cluster import Cluster
from exporter.simulator.credentials import Caller, authenticate
from exporter.simulator.errors import (
    ALREADY_EXISTS,
    BAD_PASSWORD,
    BAD_USERNAME,
    MALFORMED,
    NO_CONTENT,
    NOT_FOUND,
    bad_list_of_strings,
    bad_string,
    missing,
    onepanel_reply,
)
from exporter.simulator.messages import Reply, Request
from exporter.simulator.users import FIRST_USER_ID, User

# By the caller: the user whom a token belongs to is an administrator of the cluster, or a plain member.
PRIVILEGES = {
    Caller.ADMINISTRATOR: (
        "cluster_view",
        "cluster_update",
        "cluster_delete",
        "cluster_view_privileges",
        "cluster_set_privileges",
        "cluster_add_user",
        "cluster_remove_user",
        "cluster_add_group",
        "cluster_remove_group",
    ),
    Caller.MEMBER: ("cluster_view",),
}
_CALLERS = {
    Caller.ADMINISTRATOR: (FIRST_USER_ID, "admin"),
    Caller.MEMBER: ("5f0c2a9d7e3b41c68d9e0f1a2b3c4d5e", "member"),
}
_MIN_PASSWORD = 8
_USERNAME_LENGTHS = range(2, 21)


def current_user(request: Request, cluster: Cluster, _argument: str) -> Reply:
    """Show the user of a token, and their privileges in the cluster."""
    caller = authenticate(request, cluster)
    if caller not in PRIVILEGES:
        return NOT_FOUND
    user_id, username = _CALLERS[caller]
    body = {"userId": user_id, "username": username, "clusterPrivileges": PRIVILEGES[caller]}
    return onepanel_reply(200, body)


def users(request: Request, cluster: Cluster, _argument: str) -> Reply:
    """List the ids, or create a user."""
    if request.method == "POST":
        return _create(request, cluster)
    return onepanel_reply(200, {"ids": list(cluster.users.by_id)})


def user(request: Request, cluster: Cluster, user_id: str) -> Reply:
    """Show a user, or set the password."""
    found = cluster.users.by_id.get(user_id)
    if request.method == "PATCH":
        return _set_password(request, cluster, found)
    if found is None:
        return NOT_FOUND
    details = {"userId": found.user_id, "fullName": found.full_name, "username": found.username}
    return onepanel_reply(200, details)


def _create(request: Request, cluster: Cluster) -> Reply:
    body = _read_body(request)
    if body is None:
        return MALFORMED
    failure_of = _refuse_strings(body, ("username", "password"), ("fullName",)) or _refuse_values(body)
    if failure_of is not None:
        return failure_of
    if cluster.users.named(body["username"]) is not None:
        return ALREADY_EXISTS
    groups = tuple(body.get("groups", ()))
    made = cluster.users.add(body["username"], body["password"], body.get("fullName", ""), groups)
    return onepanel_reply(201, {"id": made.user_id})


def _set_password(request: Request, cluster: Cluster, found: User | None) -> Reply:
    body = _read_body(request)
    if body is None:
        return MALFORMED
    failure_of = _refuse_strings(body, ("newPassword",))
    if failure_of is not None:
        return failure_of
    if len(body["newPassword"]) < _MIN_PASSWORD:
        return BAD_PASSWORD
    if found is None:
        return NOT_FOUND
    cluster.users.set_password(found.user_id, body["newPassword"])
    return NO_CONTENT


def _refuse_strings(
    body: dict[str, Any], required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> Reply | None:
    absent = next((key for key in required if key not in body), None)
    if absent is not None:
        return missing(absent)
    wrong = next((key for key in required + optional if not isinstance(body.get(key, ""), str)), None)
    return None if wrong is None else bad_string(wrong)


def _refuse_values(body: dict[str, Any]) -> Reply | None:
    groups = body.get("groups", [])
    if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
        return bad_list_of_strings("groups")
    if len(body["username"]) not in _USERNAME_LENGTHS:
        return BAD_USERNAME
    return BAD_PASSWORD if len(body["password"]) < _MIN_PASSWORD else None


def _read_body(request: Request) -> dict[str, Any] | None:
    """The JSON object of a request, that there is JSON at all being known; no body is an empty object."""
    body = json.loads(request.body or b"{}")
    return body if isinstance(body, dict) else None
