from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from exporter.commands import user_names
from exporter.operations.operation import Request
from exporter.operations.users import User
from exporter.simulator import INSTANT, Authority, Cluster, Fault, SimulatedZone
from exporter.targets import AccessPath, Kind
from tests.support.forking import Ended
from tests.support.terminal import PASSPHRASE, TOKEN, Terminal

API = "/api/v3/onepanel"
PASSWORD = "canary-of-a-password"
CREATE = (
    "create",
    "--username",
    "alice",
    "--full-name",
    "Alice Liddell",
    "--group",
    "g1",
    "--password-stdin",
)
CREDENTIALS = {"token": {"token": TOKEN}, "passphrase": {"passphrase": PASSPHRASE}}

over_each_path = pytest.mark.parametrize("path", list(AccessPath))
with_each_credential = pytest.mark.parametrize("method", list(CREDENTIALS))


def admin_id(zone: SimulatedZone) -> str:
    found = zone.cluster.users.named("admin")
    assert found is not None
    return found.user_id


async def administer(
    terminal: Terminal, action: Sequence[str], path: AccessPath, method: str, *options: str
) -> Ended:
    """One action over one path with one credential; nothing goes over the other path, and no secret is shown."""
    given = terminal.credentials(**CREDENTIALS[method])
    ended = await terminal.users(action, *given, "--path", path, *options, stdin=f"{PASSWORD}\n")
    request_logs = terminal.zone.request_logs
    assert request_logs[path].connections > 0
    assert all(
        request_log.connections == 0 for other, request_log in request_logs.items() if other is not path
    )
    for secret in (TOKEN, PASSPHRASE, PASSWORD):
        assert secret not in ended.out + ended.err
    return ended


@over_each_path
@with_each_credential
@pytest.mark.parametrize("operation", ["configuration", "health"])
async def test_public_operations_work_and_never_see_a_credential(
    terminal: Terminal, path: AccessPath, method: str, operation: str
) -> None:
    ended = await terminal.probe("--format", "json", *terminal.credentials(**CREDENTIALS[method]))
    summary = json.loads(ended.out)
    statuses = {each["operation"]: each["status"] for each in summary["nodes"][0][path]["operations"]}
    assert (ended.code, statuses[operation], summary["credentials_accepted"]) == (0, 200, {method: True})
    request_log = terminal.zone.request_logs[path]
    assert request_log.count(f"{API}/{operation}") == 1
    assert all(served.url_path != f"{API}/{operation}" for served in request_log.with_credentials)


@over_each_path
@with_each_credential
async def test_users_are_listed(terminal: Terminal, path: AccessPath, method: str) -> None:
    ended = await administer(terminal, ["list"], path, method)
    line = f"{admin_id(terminal.zone)}  admin  Administrator\n"
    assert (ended.code, ended.out, ended.err) == (0, line, "")


@over_each_path
@with_each_credential
async def test_a_user_is_shown(terminal: Terminal, path: AccessPath, method: str) -> None:
    user_id = admin_id(terminal.zone)
    ended = await administer(terminal, ["show", user_id], path, method, "--format", "json")
    shown = {"id": user_id, "username": "admin", "full_name": "Administrator"}
    assert (ended.code, json.loads(ended.out)) == (0, shown)


@over_each_path
@with_each_credential
async def test_a_user_is_created(terminal: Terminal, path: AccessPath, method: str) -> None:
    ended = await administer(terminal, CREATE, path, method, "--format", "json")
    made = terminal.zone.cluster.users.named("alice")
    assert made is not None
    assert (ended.code, json.loads(ended.out)) == (0, {"id": made.user_id})
    assert (made.full_name, made.groups, made.password) == ("Alice Liddell", ("g1",), PASSWORD)


@over_each_path
@with_each_credential
async def test_a_password_is_set(terminal: Terminal, path: AccessPath, method: str) -> None:
    user_id = admin_id(terminal.zone)
    ended = await administer(terminal, ["set-password", user_id, "--password-stdin"], path, method)
    assert (ended.code, ended.out) == (0, f"the password of user {user_id} is set\n")
    assert terminal.zone.cluster.users.by_id[user_id].password == PASSWORD


@pytest.mark.parametrize(
    ("action", "token", "password", "advice"),
    [
        (("create", "--username", "x", "--password-stdin"), TOKEN, PASSWORD, "correct the value"),
        (("list",), "nonsense", "", "check the token"),
        (("list",), "simulated-expired-token", "", "check the token"),
        (CREATE, "simulated-member-token", PASSWORD, "administrator"),
        (("show", "nobody"), TOKEN, "", "`users list`"),
        (("set-password", "nobody", "--password-stdin"), TOKEN, PASSWORD, "`users list`"),
        (("create", "--username", "admin", "--password-stdin"), TOKEN, PASSWORD, "the name is taken"),
    ],
)
async def test_a_rejected_action_prints_its_advice(
    terminal: Terminal, action: tuple[str, ...], token: str, password: str, advice: str
) -> None:
    ended = await terminal.users(action, *terminal.credentials(token), stdin=f"{password}\n")
    assert (ended.code, ended.out) == (1, "")
    assert advice in ended.err
    assert token not in ended.err
    assert len(terminal.zone.cluster.users.by_id) == 1


@pytest.mark.parametrize("action", [("list",), CREATE])
async def test_without_a_worker_no_user_is_administered(terminal: Terminal, action: tuple[str, ...]) -> None:
    await terminal.zone.only(Fault.WORKER_STOPPED)
    ended = await terminal.users(action, *terminal.credentials(TOKEN, PASSPHRASE), stdin=f"{PASSWORD}\n")
    assert ended.code == 1
    assert "running Onezone worker" in ended.err


async def test_without_a_deployed_worker_the_advice_is_not_about_the_token(terminal: Terminal) -> None:
    await terminal.zone.only(Fault.NOT_DEPLOYED)
    ended = await terminal.users(["list"], *terminal.credentials(TOKEN))
    assert ended.code == 1
    assert "noServiceNodes" in ended.err
    assert "running Onezone worker" in ended.err


@pytest.mark.parametrize("token", ["nonsense", "simulated-expired-token", "simulated-member-token"])
async def test_the_passphrase_is_used_when_the_token_is_refused(terminal: Terminal, token: str) -> None:
    ended = await terminal.users(CREATE, *terminal.credentials(token, PASSPHRASE), stdin=f"{PASSWORD}\n")
    assert ended.code == 0
    assert terminal.zone.cluster.users.named("alice") is not None


async def test_a_chosen_credential_is_the_only_one(terminal: Terminal) -> None:
    options = terminal.credentials("nonsense", PASSPHRASE)
    ended = await terminal.users(["list"], *options, "--auth", "token")
    assert ended.code == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault.PROXY_NOT_FOUND,
        Fault.FOREIGN_PROXY,
        Fault.PROXY_CERTIFICATE_UNTRUSTED,
        Fault.PROXY_TRUNCATED,
        Fault.PROXY_RESET,
    ],
)
@pytest.mark.parametrize("action", [("list",), CREATE])
async def test_direct_is_taken_when_it_is_the_proxy_path_that_fails(
    terminal: Terminal, action: tuple[str, ...], fault: Fault
) -> None:
    await terminal.zone.only(fault)
    ended = await terminal.users(action, *terminal.credentials(TOKEN), stdin=f"{PASSWORD}\n")
    assert ended.code == 0
    assert "proxy path" in ended.err
    sent = terminal.zone.request_logs[AccessPath.PROXY].served
    assert all(served.method == "GET" for served in sent)


async def test_a_configured_zone_is_the_default(terminal: Terminal) -> None:
    target = terminal.target(auth={"token_file": terminal.file("token", TOKEN)})
    config = terminal.file("config.yml", json.dumps({"targets": [target]}))
    for options in ([], ["--target", "my-zone"]):
        ended = await terminal.run("users", "list", "--config.file", config, *options)
        assert (ended.code, ended.out) == (0, f"{admin_id(terminal.zone)}  admin  Administrator\n")


async def test_credentials_may_come_from_the_environment(terminal: Terminal) -> None:
    terminal.environ["ONEDATA_EXPORTER_DEFAULTS__AUTH__TOKEN"] = TOKEN
    ended = await terminal.users(["list"])
    assert (ended.code, ended.err) == (0, "")


async def add_users(zone: SimulatedZone, *names: tuple[str, str]) -> list[str]:
    return [zone.cluster.users.add(name, PASSWORD, full_name, ()).user_id for name, full_name in names]


async def test_a_list_in_json_has_ids_and_names(terminal: Terminal) -> None:
    (alice,) = await add_users(terminal.zone, ("alice", "Alice Liddell"))
    ended = await terminal.users(["list", "--format", "json"], *terminal.credentials(TOKEN))
    summary = json.loads(ended.out)
    assert summary["ids"] == [admin_id(terminal.zone), alice]
    assert summary["users"][1] == {"id": alice, "username": "alice", "full_name": "Alice Liddell"}


@pytest.mark.parametrize("name", ["alice", "Alice Liddell"])
async def test_a_password_is_set_by_name(terminal: Terminal, name: str) -> None:
    (alice,) = await add_users(terminal.zone, ("alice", "Alice Liddell"))
    password = "another-canary"  # pragma: allowlist secret
    action = ["set-password", name, "--password-stdin"]
    ended = await terminal.users(action, *terminal.credentials(TOKEN), stdin=f"{password}\n")
    assert (ended.code, ended.out) == (0, f"the password of user {alice} is set\n")
    assert terminal.zone.cluster.users.by_id[alice].password == password


async def test_a_name_of_several_users_changes_nothing_and_their_ids_are_listed(terminal: Terminal) -> None:
    ids = await add_users(terminal.zone, ("alice", "Same"), ("bob", "Same"))
    action = ["set-password", "Same", "--password-stdin"]
    ended = await terminal.users(action, *terminal.credentials(TOKEN), stdin="another-canary\n")
    assert ended.code == 1
    assert all(user_id in ended.err for user_id in ids)
    users = terminal.zone.cluster.users.by_id
    assert {users[user_id].password for user_id in ids} == {PASSWORD}


async def test_a_oneprovider_has_no_users(authority: Authority, tmp_path: Path) -> None:
    provider = Cluster(kind=Kind.ONEPROVIDER)
    async with SimulatedZone(authority=authority, cluster=provider, timing=INSTANT) as zone:
        terminal = Terminal(zone, tmp_path)
        ended = await terminal.users(["list"], *terminal.credentials(TOKEN))
    assert ended.code == 1
    assert "this is no Onezone" in ended.err


async def test_only_so_many_names_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_names, "MAX_NAMES", 2)
    asked: list[str] = []

    class Shown:
        async def run(self, request: Request[User]) -> tuple[User, list[object]]:
            asked.append(request.path)
            return User(request.path.rpartition("/")[2], "", "x"), []

    ids = ("a", "b", "c")
    users = await user_names.fetch_names(Shown(), ids)  # type: ignore[arg-type]  # what it needs of it
    assert [user.user_id for user in users] == ["a", "b"]
    assert len(asked) == 2
