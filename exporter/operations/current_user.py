"""`GET /user`: the user of a token, with the privileges of that user in the cluster.

Every member may list users; only `cluster_update` allows changes. So a list of users proves no such right.
The emergency passphrase belongs to no user: 404.
"""

from __future__ import annotations

from dataclasses import dataclass

from exporter.operations.operation import API_ROOT, Request
from exporter.operations.responses import Response, read_object
from exporter.reasons import Failure, Reason

_ADMINISTRATION = "cluster_update"


@dataclass(frozen=True, slots=True)
class Privileges:
    """What a token allows in the cluster, as far as its user is concerned."""

    may_administer: bool


def read_privileges(answer: Response) -> Privileges | Failure:
    """Return whether the user may change the cluster."""
    body = read_object(answer)
    if isinstance(body, Failure):
        return body
    privileges = body.get("clusterPrivileges")
    if not isinstance(privileges, list):
        return Failure(Reason.INVALID_BODY, "no clusterPrivileges in the answer")
    return Privileges(_ADMINISTRATION in privileges)


def current_user() -> Request[Privileges]:
    """Ask for the privileges of the caller."""
    return Request(f"{API_ROOT}/user", read_privileges, credentials=True)
