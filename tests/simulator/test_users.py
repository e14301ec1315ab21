"""User administration: what an administrator may do, and everything that is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from exporter.simulator import Fault, SimulatedZone
from exporter.targets import AccessPath
from tests.simulator.asking import PASSPHRASE, ROOT, Said, ask
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
    ({}, "missingRequiredValue"),
    ({"username": "somebody"}, "missingRequiredValue"),
    (NEW | {"username": 7}, "badValueString"),
    (NEW | {"fullName": None}, "badValueString"),
    (NEW | {"groups": "g1"}, "badValueListOfStrings"),
    (NEW | {"groups": [1]}, "badValueListOfStrings"),
    (NEW | {"username": "x"}, "badValueUsername"),
    (NEW | {"password": "short"}, "badValuePassword"),
    ([], "malformedData"),
]


@pytest.mark.parametrize(("body", "error_id"), REFUSED_BODIES)
async def test_a_user_with_bad_values_is_refused(
    zone: SimulatedZone, client: Client, body: Any, error_id: str
) -> None:
    said = await ask(client, "zone/users", method="POST", body=body)
    assert (said.status, said.error_id) == (400, error_id)
    assert zone.cluster.users.named("somebody") is None


async def test_a_body_that_is_no_json_is_malformed(client: Client) -> None:
    heard = await client.ask(
        AccessPath.DIRECT, ROOT + "zone/users", method="POST", headers=PASSPHRASE, body=b"{"
    )
    assert (heard.status, json.loads(heard.body)["error"]["id"]) == (400, "malformedData")


async def test_a_name_can_be_taken_only_once(client: Client) -> None:
    first, second = [await ask(client, "zone/users", method="POST", body=NEW) for _ in range(2)]
    assert (first.status, second.status, second.error_id) == (201, 409, "alreadyExists")


@pytest.mark.parametrize("method", ["GET", "PATCH"])
async def test_an_unknown_user_is_not_found(client: Client, method: str) -> None:
    body = {"newPassword": "long-enough"} if method == "PATCH" else None
    said = await ask(client, "zone/users/nobody", method=method, body=body)
    assert (said.status, said.error_id) == (404, "notFound")


async def test_a_short_password_is_refused(zone: SimulatedZone, client: Client) -> None:
    user_id = next(iter(zone.cluster.users.by_id))
    said = await ask(client, f"zone/users/{user_id}", method="PATCH", body={"newPassword": "short"})
    assert (said.status, said.error_id) == (400, "badValuePassword")
    assert zone.cluster.users.by_id[user_id].password == ""


async def refused(client: Client, headers: dict[str, str]) -> Said:
    return await ask(client, "zone/users", headers=headers)


async def test_only_administrators_may(zone: SimulatedZone, client: Client) -> None:
    assert [(await refused(client, headers)).status for headers in ({}, MEMBER, ADMINISTRATOR)] == [
        401,
        403,
        200,
    ]
    await zone.set(Fault.WORKER_STOPPED, on=True)
    assert [(await refused(client, headers)).status for headers in ({}, MEMBER, PASSPHRASE)] == [
        503,
        503,
        503,
    ]


async def test_passwords_are_in_no_record_and_no_repr(zone: SimulatedZone, client: Client) -> None:
    await ask(client, "zone/users", method="POST", body=NEW)
    user = zone.cluster.users.named("somebody")
    assert user is not None
    assert user.password == "long-enough"
    for shown in (user, zone.cluster, *zone.request_logs.values(), zone.cluster.users):
        assert "long-enough" not in repr(shown)
        assert zone.cluster.passphrase not in repr(shown)
