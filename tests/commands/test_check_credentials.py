"""`check-credentials`, against a simulated zone that accepts just these tokens."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exporter.commands.credential_remarks import Grade, of_credential, of_operation, of_privileges
from exporter.credentials import AuthMethod
from exporter.operations.current_user import Privileges
from exporter.reasons import Failure, Reason
from exporter.simulator import INSTANT, Authority, Cluster, Fault, SimulatedZone
from exporter.simulator.tokens import serialize
from tests.support.forking import Ended
from tests.support.terminal import PASSPHRASE, Terminal

DAY = 86_400
IN_A_YEAR = f"time < {int(time.time()) + 365 * DAY}"
CONFINED = serialize(IN_A_YEAR, "ip = 127.0.0.1", "service = ozp-onezone")
SOON = serialize(f"time < {int(time.time()) + 3 * DAY}", "ip = 127.0.0.1", "service = ozp-onezone")
UNCONFINED = serialize()
ADMIN = serialize(IN_A_YEAR, "ip = 127.0.0.1", "service = ozp-onezone", signature=b"admin")
EXPIRED = serialize("time < 1700000000", "ip = 127.0.0.1", "service = ozp-onezone")


@pytest.fixture
async def zone(authority: Authority) -> AsyncIterator[SimulatedZone]:
    cluster = Cluster(
        tokens=frozenset({ADMIN}),
        member_tokens=frozenset({CONFINED, SOON, UNCONFINED}),
        expired_tokens=frozenset({EXPIRED}),
    )
    async with SimulatedZone(authority=authority, cluster=cluster, timing=INSTANT) as zone:
        yield zone


async def check(terminal: Terminal, token: str = "", passphrase: str = "") -> Ended:
    ended = await terminal.run(
        "check-credentials",
        terminal.zone.proxy_url,
        *terminal.at_zone(),
        *terminal.credentials(token, passphrase),
    )
    for secret in (token, passphrase):
        assert not secret or secret not in ended.out + ended.err
    return ended


async def test_a_confined_token_of_a_mere_member_is_as_it_should_be(terminal: Terminal) -> None:
    ended = await check(terminal, CONFINED)
    assert ended.code == 0, ended
    lines = ended.out.splitlines()
    assert all(line.startswith("ok ") for line in lines)
    for name in ("workers", "managers", "databases", "web_certificate", "dns_check", "worker_report"):
        assert f"ok      token: {name}: allowed" in lines
    assert any("expires in 36" in line for line in lines)
    assert "ok      token: confined by a caveat `ip`" in lines


@pytest.mark.parametrize(
    ("token", "warnings"),
    [
        (SOON, ["token: expires in 3.0 days"]),
        (
            UNCONFINED,
            [
                "token: has no caveat `time`: it never expires by itself",
                "token: has no caveat `ip`: works from every address",
                "token: has no caveat `service`: works for every service of the zone, not only this Onepanel",
            ],
        ),
        (
            ADMIN,
            [
                "token: allows to administer users; polling needs no privilege beyond membership in the cluster"
            ],
        ),
    ],
    ids=["about to expire", "not confined", "more than is needed"],
)
async def test_what_is_more_than_needed_or_about_to_end_is_a_warning(
    terminal: Terminal, token: str, warnings: list[str]
) -> None:
    ended = await check(terminal, token)
    assert ended.code == 1, ended
    lines = [line.removeprefix("warning ") for line in ended.out.splitlines() if line.startswith("warning ")]
    assert [line.replace("2.9 days", "3.0 days") for line in lines] == warnings


async def test_an_expired_token_is_reported_as_expired_and_rejected(terminal: Terminal) -> None:
    ended = await check(terminal, EXPIRED)
    assert ended.code == 2
    assert ended.out.count("bad     token: rejected (HTTP 401") == 1
    assert "token: workers" not in ended.out
    assert "bad     token: expired " in ended.out


async def test_the_passphrase_is_more_than_is_needed(terminal: Terminal) -> None:
    ended = await check(terminal, passphrase=PASSPHRASE)
    assert ended.code == 1
    assert "warning passphrase: allows everything that Onepanel can do" in ended.out


async def test_both_are_examined_each_for_itself(terminal: Terminal) -> None:
    ended = await check(terminal, CONFINED, "wrong-passphrase")
    assert ended.code == 2
    assert "ok      token: workers: allowed" in ended.out
    (line,) = (line for line in ended.out.splitlines() if "passphrase: " in line)
    assert line.startswith(
        "bad     passphrase: rejected (HTTP 401 unauthorized: Invalid username or password.)"
    )


async def test_credentials_that_onepanel_cannot_verify_are_unknown(terminal: Terminal) -> None:
    await terminal.zone.set(Fault.HOST_DOWN, on=True)
    ended = await check(terminal, CONFINED)
    assert ended.code == 3
    assert ended.out.count("unknown token: Onepanel does not answer (connection_refused") == 1


async def test_without_a_worker_a_token_is_unverified_and_no_disk_is_named(terminal: Terminal) -> None:
    await terminal.zone.set(Fault.WORKER_STOPPED, on=True)
    ended = await check(terminal, CONFINED)
    assert ended.code == 3
    assert "unknown token: cannot be verified: only a running worker verifies tokens" in ended.out
    assert "disk" not in ended.out


@pytest.mark.parametrize("method", ["token", "passphrase"])
async def test_without_onepanels_database_no_credential_is_rejected(terminal: Terminal, method: str) -> None:
    await terminal.zone.set(Fault.DATABASE_DOWN, on=True)
    ended = await check(terminal, **{method: CONFINED if method == "token" else PASSPHRASE})
    assert ended.code == 3
    assert f"unknown {method}: cannot be verified: Onepanel names no fault of the credential" in ended.out
    assert "rejected" not in ended.out


FORBIDDEN = Failure(Reason.FORBIDDEN, "HTTP 403 forbidden", "forbidden")


def test_a_403_can_mean_that_the_user_is_no_member() -> None:
    assert of_credential(AuthMethod.TOKEN, FORBIDDEN) is None
    remark = of_operation("workers", FORBIDDEN)
    assert remark.grade is Grade.BAD
    assert "not a member of this cluster" in remark.text


@pytest.mark.parametrize(
    ("reply", "grades"),
    [
        (Privileges(may_administer=True), [Grade.WARNING]),
        (Privileges(may_administer=False), []),
        (Failure(Reason.NOT_FOUND), [Grade.OK]),
        (Failure(Reason.SERVER_ERROR, "HTTP 500"), [Grade.UNKNOWN]),
    ],
)
def test_only_the_right_to_change_the_cluster_makes_an_administrator(
    reply: object, grades: list[Grade]
) -> None:
    assert [remark.grade for remark in of_privileges(reply)] == grades


async def test_without_credentials_there_is_nothing_to_check(terminal: Terminal, tmp_path: Path) -> None:
    ended = await terminal.run("check-credentials", terminal.zone.proxy_url, *terminal.at_zone())
    assert ended.code == 3
    assert "no credentials are configured" in ended.err
    missing = await terminal.run(
        "check-credentials", "nobody", "--config.file", str(tmp_path / "missing.yml")
    )
    assert missing.code == 3
    assert "Traceback" not in missing.err


@pytest.mark.parametrize(
    ("token", "code", "line"),
    [
        (
            serialize(IN_A_YEAR, "service = opp-*"),
            0,
            "ok      token: the token for discovered clusters is not known to work outside of their panels",
        ),
        (UNCONFINED, 2, "bad     token: rejected: the token for discovered clusters has no caveat `service`"),
        (
            serialize("service = opp-*,ozw-onezone"),
            2,
            "bad     token: rejected: the token for discovered clusters is valid for other services",
        ),
    ],
)
async def test_the_token_for_discovered_clusters_must_be_confined_to_their_panels(
    terminal: Terminal, token: str, code: int, line: str
) -> None:
    discovered = {"token_file": terminal.file("discovered", token)}
    target = terminal.target(
        auth={"token_file": terminal.file("token", CONFINED)},
        discover={"defaults": {"auth": discovered}},
    )
    file = terminal.file("config.yml", json.dumps({"targets": [target]}))
    ended = await terminal.run("check-credentials", "my-zone", "--config.file", file)
    assert (ended.code, ended.err) == (code, "")
    assert ended.out.splitlines()[-1].startswith(line)
    assert token not in ended.out
