"""The simulator answers as a real Onepanel 21.02.7 was observed to: `observed.tsv` holds its answers."""

from __future__ import annotations

import base64
import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from exporter.simulator import Cluster, SimulatedZone, Trouble
from exporter.targets import AccessPath
from tests.simulator.plain_client import Client

ROOT = "/api/v3/onepanel/"


def basic(text: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(text.encode()).decode()}


RIGHT = basic(f"onepanel:{Cluster().passphrase}")
WRONG = basic("onepanel:wrong-passphrase")
GARBAGE = {"x-auth-token": "garbage"}
CREDENTIALS = {
    "no credentials": {},
    "no creds": {},
    "wrong basic passphrase": WRONG,
    "wrong basic": WRONG,
    "wrong basic username": basic(f"somebody:{Cluster().passphrase}"),
    "garbage X-Auth-Token": GARBAGE,
    "right passphrase": RIGHT,
}


@dataclass(frozen=True)
class Way:
    """How a situation is brought about and asked for."""

    operation: str = "health"
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "GET"
    target: str = ""
    body: bytes = b""
    troubles: tuple[Trouble, ...] = (Trouble.NOT_DEPLOYED,)


NAMED = {
    "unknown path below prefix": Way("no_such_thing"),
    "unknown path": Way("no_such_thing"),
    "prefix itself": Way(target=ROOT.rstrip("/")),
    "prefix with slash": Way(target=ROOT),
    "health with trailing slash": Way("health/"),
    "health with double slash": Way("/health"),
    "health with query": Way("health?x=1"),
    "other path (static root / no route)": Way(target="/no/such/page"),
    "root": Way(target="/"),
    "POST health (wrong method)": Way(method="POST"),
    "PUT health (wrong method)": Way(method="PUT"),
    "DELETE health (wrong method)": Way(method="DELETE"),
    "PATCH configuration (wrong method)": Way("configuration", method="PATCH"),
    "FOO health (unknown method)": Way(method="FOO"),
    "POST health": Way(method="POST"),
    "HEAD health": Way(method="HEAD"),
    "HEAD zone/workers": Way("zone/workers", method="HEAD"),
    "HEAD unknown": Way("no_such_thing", method="HEAD"),
    "OPTIONS health": Way(method="OPTIONS"),
    "GET health, Accept text/plain (406?)": Way(headers={"accept": "text/plain"}),
    "health Accept text/plain": Way(headers={"accept": "text/plain"}),
    "GET health, Accept application/json": Way(headers={"accept": "application/json"}),
    "GET health, Accept */*;q=0.5": Way(headers={"accept": "*/*;q=0.5"}),
    "GET health, malformed Accept": Way(headers={"accept": "malformed"}),
    "GET health, Accept-Encoding gzip": Way(headers={"accept-encoding": "gzip"}),
    "GET health with Connection: close": Way(headers={"connection": "close"}),
    "GET health with body (malformed json)": Way(body=b"{"),
    "basic = base64 of passphrase only": Way("zone/workers", basic(Cluster().passphrase)),
    "basic, lower-case scheme 'basic'": Way(
        "hosts", {"authorization": RIGHT["authorization"].replace("Basic", "basic")}
    ),
    "basic, invalid base64": Way("hosts", {"authorization": "Basic !"}),
    "basic, empty user name": Way("hosts", basic(f":{Cluster().passphrase}")),
    "Authorization: Bearer garbage": Way("hosts", {"authorization": "Bearer garbage"}),
    "X-Auth-Token empty": Way("hosts", {"x-auth-token": ""}),
    "Macaroon header garbage": Way("hosts", {"macaroon": "garbage"}),
    "right basic + garbage token": Way("zone/workers", RIGHT | GARBAGE),
}

# The words that a situation begins with: what is wrong, and what credentials go without saying.
STATES = {
    "breaker open: ": ((Trouble.NOT_DEPLOYED, Trouble.BREAKER_OPEN), {}),
    "port 80 refused: ": ((Trouble.NOT_DEPLOYED, Trouble.LISTENER_SICK), {}),
    "panel stopped: proxy ": ((Trouble.PANEL_STOPPED,), {}),
    "9443 has a cert not signed by the zone's chain: proxy ": ((Trouble.DIRECT_CERTIFICATE_UNTRUSTED,), {}),
    "nagios port refused: ": ((Trouble.WORKER_STOPPED,), RIGHT),
    "oz_worker deployed, its node down; garbage X-Auth-Token: ": ((Trouble.WORKER_STOPPED,), GARBAGE),
    "all ok: ": ((), RIGHT),
    "all ok, no creds: ": ((), {}),
    "all ok, proxy: ": ((), RIGHT),
}


def way(words: str) -> Way:
    """From the words of a situation to the request and troubles that stand for it."""
    for prefix, (troubles, headers) in STATES.items():
        if words.startswith(prefix):
            asked = way(words.removeprefix(prefix))
            return replace(asked, troubles=troubles, headers={**headers, **asked.headers})
    if words in NAMED:
        return NAMED[words]
    operation, _comma, credentials = words.partition(", ")
    return Way(operation, CREDENTIALS[credentials or "no credentials"])


def observed() -> list[Any]:
    text = (Path(__file__).parent / "observed.tsv").read_text(encoding="utf-8")
    rows = csv.reader(text.splitlines()[1:], delimiter="\t", quoting=csv.QUOTE_NONE)
    return [
        pytest.param(situation, (int(status), kind, body), id=situation)
        for situation, status, kind, _seconds, body in rows
    ]


@pytest.mark.parametrize(("situation", "answer"), observed())
async def test_it_answers_as_observed(
    zone: SimulatedZone, client: Client, situation: str, answer: tuple[int, str, str]
) -> None:
    status, kind, body = answer
    path, words = situation.split(": ", 1)
    asked = way(words)
    await zone.only(*asked.troubles)
    heard = await client.ask(
        AccessPath(path),
        asked.target or ROOT + asked.operation,
        method=asked.method,
        headers=asked.headers,
        body=asked.body,
    )
    assert (heard.status, heard.headers.get("content-type", "-")) == (status, kind)
    if kind == "application/json":
        assert json.loads(heard.body) == json.loads(body)
    elif body == "<empty>":
        assert heard.body == b""
    assert heard.headers["content-length"] == str(len(heard.body))
    assert "transfer-encoding" not in heard.headers
