"""User administration as the simulated Onepanel answers it: `/zone/users` and `/zone/users/ID`."""

from __future__ import annotations

from exporter.simulator.bodies import read_body
from exporter.simulator.cluster import Cluster
from exporter.simulator.credentials import Caller, authenticate
from exporter.simulator.errors import (
    BAD_USERNAME,
    INTERNAL_ERROR,
    NAME_TAKEN,
    NO_CONTENT,
    NOT_FOUND,
    on_nodes,
    onepanel_reply,
    with_header,
)
from exporter.simulator.messages import Reply, Request
from exporter.simulator.users import FIRST_USER_ID

# By the caller: the user of a token is an administrator of the cluster, or a plain member.
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


def find_user(cluster: Cluster, user_id: str) -> Reply | None:
    """Return the error for a user that does not exist; Onepanel checks existence before rights."""
    return None if user_id in cluster.users.by_id else on_nodes([cluster.asked_worker], NOT_FOUND)


def user(request: Request, cluster: Cluster, user_id: str) -> Reply:
    """Show a user, or set the password."""
    if request.method == "PATCH":
        return _set_password(request, cluster, user_id)
    found = cluster.users.by_id[user_id]
    details = {"userId": found.user_id, "fullName": found.full_name, "username": found.username}
    return onepanel_reply(200, details)


def _create(request: Request, cluster: Cluster) -> Reply:
    body = read_body(request)
    if len(body["username"]) not in _USERNAME_LENGTHS:
        return BAD_USERNAME
    if cluster.users.named(body["username"]) is not None:
        return on_nodes([cluster.asked_worker], NAME_TAKEN)
    groups = tuple(body.get("groups", ()))
    created = cluster.users.add(body["username"], body["password"], body.get("fullName", ""), groups)
    location = ("location", f"{request.path.rstrip('/')}/{created.user_id}")
    return with_header(onepanel_reply(201, {"id": created.user_id}), location)


def _set_password(request: Request, cluster: Cluster, user_id: str) -> Reply:
    password = read_body(request)["newPassword"]
    if len(password) < _MIN_PASSWORD:
        return INTERNAL_ERROR  # the real server fails on a short password, and creates users with one
    cluster.users.set_password(user_id, password)
    return NO_CONTENT
