"""The simulator answers as a running Onepanel 21.02.7 of two nodes did, in status, content type and shape.

`real_answers.tsv` holds its answers to requests with many kinds of credentials and bodies, in four situations.
The shape of an answer is the id of its error (and of the error in its details), its keys, or what else it is.
"""

from __future__ import annotations

import base64
import csv
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from exporter.simulator import INSTANT, Authority, Cluster, Fault, SimulatedZone, WebCertificate
from exporter.simulator.users import FIRST_USER_ID
from exporter.targets import AccessPath
from tests.simulator.asking import PASSPHRASE, ROOT, basic
from tests.simulator.plain_client import Client, Heard

_PASSPHRASE = Cluster().passphrase
_ADMINISTRATOR = {"x-auth-token": "simulated-token"}
CREDENTIALS: Mapping[str, Mapping[str, str]] = {
    "none": {},
    "pass": PASSPHRASE,
    "passonly": {"authorization": "Basic " + base64.b64encode(_PASSPHRASE.encode()).decode()},
    "badpass": basic("wrong"),
    "baduser": {"authorization": "Basic " + base64.b64encode(f"other:{_PASSPHRASE}".encode()).decode()},
    "lower": {"authorization": PASSPHRASE["authorization"].replace("Basic", "basic")},
    "badb64": {"authorization": "Basic !"},
    "admin": _ADMINISTRATOR,
    "member": {"x-auth-token": "simulated-member-token"},
    "memberbearer": {"authorization": "Bearer simulated-member-token"},
    "both": basic("wrong") | _ADMINISTRATOR,
}
_USER = {"username": "alice", "password": "long-enough"}
BODIES: Mapping[tuple[str, str], bytes] = {
    ("POST", "-"): b"",
    ("POST", "no body"): b"",
    ("POST", "empty obj"): b"{}",
    ("POST", "list"): b"[]",
    ("POST", "not json"): b"{",
    ("POST", "form"): b"username=alice",
    ("POST", "no pw"): json.dumps({"username": "alice"}).encode(),
    ("POST", "num name"): json.dumps(_USER | {"username": 7}).encode(),
    ("POST", "groups str"): json.dumps(_USER | {"groups": "g1"}).encode(),
    ("POST", "short pw"): json.dumps(_USER | {"password": "x"}).encode(),
    ("POST", "taken"): json.dumps(_USER | {"username": "admin"}).encode(),
    ("POST", "ok"): json.dumps(_USER).encode(),
    ("PATCH", "empty"): b"{}",
    ("PATCH", "num"): b'{"newPassword": 7}',
    ("PATCH", "short"): b'{"newPassword": "x"}',
    ("PATCH", "ok"): b'{"newPassword": "long-enough"}',
}
# (faults, node) of each situation.
SITUATIONS: Mapping[str, tuple[tuple[Fault, ...], str]] = {
    "healthy": ((), ""),
    "worker stopped": ((Fault.WORKER_STOPPED,), ""),
    "node 2 killed": ((Fault.HOST_DOWN,), "node2"),
    "panel's database stopped": ((Fault.DATABASE_DOWN,), ""),
}


class Row(NamedTuple):
    """What one kind of request was answered, with each of some credentials."""

    situation: str
    method: str
    route: str
    variant: str
    credentials: str
    status: str
    content_type: str
    shape: str


def rows() -> list[Row]:
    text = (Path(__file__).parent / "real_answers.tsv").read_text(encoding="utf-8")
    return [Row(*one) for one in csv.reader(text.splitlines()[1:], delimiter="\t", quoting=csv.QUOTE_NONE)]


# (situation, route, status) of the answers that the simulator does not give, with the reason.
EXPLAINED: Mapping[tuple[str, str, str], str] = {
    ("healthy", "zone/policies", "500"): "the stand-in of that installation's worker had no policies",
    ("node 2 killed", "zone/cluster_ips", "500"): "a random node answers; the exporter never asks for it",
    ("node 2 killed", "zone/cluster_ips", "503"): "a random node answers; the exporter never asks for it",
    (
        "node 2 killed",
        "dns_check/configuration",
        "503",
    ): "a random node answers; the exporter never asks for it",
}


def explained(row: Row) -> bool:
    return (row.situation, row.route, row.status) in EXPLAINED


@pytest.fixture
async def zone(authority: Authority) -> AsyncIterator[SimulatedZone]:
    # Let's Encrypt was off at the installation that was observed.
    cluster = Cluster(web_certificate=WebCertificate(lets_encrypt=False))
    async with SimulatedZone(nodes=2, authority=authority, cluster=cluster, timing=INSTANT) as zone:
        yield zone


def headers_of(row: Row, credentials: str) -> dict[str, str]:
    headers = dict(CREDENTIALS[credentials])
    if row.variant.startswith("accept "):
        headers["accept"] = row.variant.removeprefix("accept ")
    if row.variant == "form":
        headers["content-type"] = "application/x-www-form-urlencoded"
    return headers


def shape(heard: Heard) -> str:
    if not heard.body:
        return "empty"
    if heard.headers.get("content-type") != "application/json":
        return "other"
    value = json.loads(heard.body)
    if not isinstance(value, dict):
        return "string"
    if set(value) != {"error"}:
        return "keys " + ",".join(sorted(value))
    error = value["error"]
    details = error.get("details", {})
    inner = details.get("error", details.get("authError", {})).get("id", "")
    cause = "/".join(filter(None, (error["id"], inner)))
    return f"error {cause} | {error['description']}"


def agrees(heard: Heard, row: Row) -> bool:
    """Compare answers: the descriptions of errors as far as they were kept, and without the names of nodes."""
    if (str(heard.status), heard.headers.get("content-type", "-")) != (row.status, row.content_type):
        return False
    (kind, _, text), (real_kind, _, real_text) = shape(heard).partition(" | "), row.shape.partition(" | ")
    text, real_text = text.rpartition(".example: ")[2], real_text.rpartition(".test: ")[2]
    return kind == real_kind and text.startswith(real_text)


@pytest.mark.parametrize(
    "row", [row for row in rows() if not explained(row)], ids=lambda row: " ".join(row[:5])
)
async def test_it_answers_as_the_running_server_did(zone: SimulatedZone, row: Row) -> None:
    faults, node = SITUATIONS[row.situation]
    await zone.only(*faults, node=node)
    hosts = [one.host for one in zone.nodes.values()]
    # A random node of the worker answers for users, here one by turns: the dead one is among two.
    attempts = (
        2
        if row.situation == "node 2 killed" and row.route.startswith(("user", "zone/users", "zone/policies"))
        else 1
    )
    route = row.route.replace("/U", f"/{FIRST_USER_ID}").replace("H1", hosts[0]).replace("H2", hosts[1])
    for credentials in row.credentials.split():
        body = BODIES.get((row.method, row.variant), b"").replace(b"alice", f"new-{credentials}".encode())
        headers = headers_of(row, credentials)
        answers = [
            await Client(zone).ask(
                AccessPath.DIRECT, ROOT + route, method=row.method, headers=headers, body=body
            )
            for _ in range(attempts)
        ]
        assert any(agrees(heard, row) for heard in answers), (credentials, answers)


def test_every_explanation_explains_an_answer() -> None:
    assert {(row.situation, row.route, row.status) for row in rows() if explained(row)} == set(EXPLAINED)
