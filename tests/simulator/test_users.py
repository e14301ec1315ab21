"""User administration: what an administrator may do, and everything that is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from exporter.simulator import Fault, SimulatedZone
from exporter.targets import AccessPath
from tests.simulator.asking import PASSPHRASE, ROOT, JsonResponse, ask
from tests.simulator.plain_client import Client

NEW = {"username": "somebody", "password": "long-enough", "fullName": "Some Body", "groups": ["g1"]}
ADMINISTRATOR = {"x-auth-token": "simulated-token"}
MEMBER = {"x-auth-token": "simulated-member-token"}


@pytest.mark.parametrize("path", AccessPath)
@pytest.mark.parametrize("headers", [PASSPHRASE, ADMINISTRATOR], ids=["passphrase", "token"])
async def test_a_user_can_be_made_seen_and_given_a_password(
    zone: SimulatedZone, client: Client, path: AccessPath, headers: dict[str, str]
) -> None:
    made = await ask(client, "zone/users", method="POST", body=NEW, headers=headers, path=path)
    assert made.status == 201
    user_id = made.value["id"]
    assert user_id in (await ask(client, "zone/users", headers=headers, path=path)).value["ids"]
    shown = await ask(client, f"zone/users/{user_id}", headers=headers, path=path)
    assert shown == (200, {"userId": user_id, "username": "somebody", "fullName": "Some Body"})
    changed = await ask(
        client,
        f"zone/users/{user_id}",
        method="PATCH",
        body={"newPassword": "another-one"},
        headers=headers,
        path=path,
    )
    assert changed == (204, None)
    user = zone.cluster.users.by_id[user_id]
    assert (user.password, user.groups) == ("another-one", ("g1",))


REFUSED_BODIES = [
    ({}, (400, "missingRequiredValue")),
    ({"username": "somebody"}, (400, "missingRequiredValue")),
    (NEW | {"username": 7}, (400, "badValueString")),
    (NEW | {"fullName": None}, (400, "badValueString")),
    (NEW | {"groups": "g1"}, (400, "badValueListOfStrings")),
    (NEW | {"groups": [1]}, (400, "badValueListOfStrings")),
    ([], (500, "internalServerError")),
]


@pytest.mark.parametrize("headers", [PASSPHRASE, MEMBER, {}], ids=["passphrase", "member", "none"])
@pytest.mark.parametrize(("body", "answer"), REFUSED_BODIES)
async def test_a_body_is_refused_before_rights_are_checked(
    zone: SimulatedZone, client: Client, body: Any, answer: tuple[int, str], headers: dict[str, str]
) -> None:
    response = await ask(client, "zone/users", method="POST", body=body, headers=headers)
    assert (response.status, response.error_id) == answer
    assert zone.cluster.users.named("somebody") is None


async def test_a_short_name_is_refused(client: Client) -> None:
    response = await ask(client, "zone/users", method="POST", body=NEW | {"username": "x"})
    assert (response.status, response.error_id) == (400, "badValueUsername")


@pytest.mark.parametrize(
    ("media_type", "status"),
    [("", 400), ("application/json", 400), ("application/x-www-form-urlencoded", 415)],
)
async def test_a_body_without_json_is_rejected(client: Client, media_type: str, status: int) -> None:
    headers = PASSPHRASE | ({"content-type": media_type} if media_type else {})
    heard = await client.ask(
        AccessPath.DIRECT, ROOT + "zone/users", method="POST", headers=headers, body=b"{"
    )
    assert heard.status == status
    if status == 400:
        assert json.loads(heard.body)["error"]["id"] == "malformedData"


async def test_a_name_can_be_taken_only_once(client: Client) -> None:
    first, second = [await ask(client, "zone/users", method="POST", body=NEW) for _ in range(2)]
    assert (first.status, second.status, second.error_id) == (201, 400, "errorOnNodes")
    assert second.value["error"]["details"]["error"]["id"] == "badValueIdentifierOccupied"


async def test_a_created_user_has_a_location(client: Client) -> None:
    heard = await client.ask(
        AccessPath.DIRECT,
        ROOT + "zone/users",
        method="POST",
        headers=PASSPHRASE,
        body=json.dumps(NEW).encode(),
    )
    assert heard.headers["location"] == f"{ROOT}zone/users/{json.loads(heard.body)['id']}"


@pytest.mark.parametrize("headers", [PASSPHRASE, MEMBER, {}], ids=["passphrase", "member", "none"])
@pytest.mark.parametrize("method", ["GET", "PATCH"])
async def test_an_unknown_user_is_not_found_whatever_the_rights(
    client: Client, method: str, headers: dict[str, str]
) -> None:
    body = {"newPassword": "long-enough"} if method == "PATCH" else None
    response = await ask(client, "zone/users/nobody", method=method, body=body, headers=headers)
    assert (response.status, response.error_id) == (404, "errorOnNodes")
    assert response.value["error"]["details"]["error"]["id"] == "notFound"


async def test_a_short_password_is_an_internal_error(zone: SimulatedZone, client: Client) -> None:
    user_id = next(iter(zone.cluster.users.by_id))
    response = await ask(client, f"zone/users/{user_id}", method="PATCH", body={"newPassword": "short"})
    assert (response.status, response.error_id) == (500, "internalServerError")
    assert zone.cluster.users.by_id[user_id].password == ""


async def list_users(client: Client, headers: dict[str, str]) -> JsonResponse:
    return await ask(client, "zone/users", headers=headers)


async def test_members_may_list_users_and_only_administrators_change_them(
    zone: SimulatedZone, client: Client
) -> None:
    callers: tuple[dict[str, str], ...] = ({}, MEMBER, ADMINISTRATOR)
    assert [(await list_users(client, headers)).status for headers in callers] == [401, 200, 200]
    created = [
        await ask(client, "zone/users", method="POST", body=NEW, headers=headers) for headers in callers
    ]
    assert [response.status for response in created] == [401, 403, 201]
    await zone.set(Fault.WORKER_STOPPED, on=True)
    assert [(await list_users(client, headers)).status for headers in ({}, MEMBER, PASSPHRASE)] == [503] * 3


async def test_passwords_are_in_no_record_and_no_repr(zone: SimulatedZone, client: Client) -> None:
    await ask(client, "zone/users", method="POST", body=NEW)
    user = zone.cluster.users.named("somebody")
    assert user is not None
    assert user.password == "long-enough"
    for shown in (user, zone.cluster, *zone.request_logs.values(), zone.cluster.users):
        assert "long-enough" not in repr(shown)
        assert zone.cluster.passphrase not in repr(shown)
