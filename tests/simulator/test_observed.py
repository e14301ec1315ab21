"""The simulator answers as a real Onepanel 21.02.7 was observed to: `observed.tsv` holds its answers.

Left out are operations that nothing here asks for (`user`, `progress`, policies, setting the passphrase, ...),
HTTP/2, HTTP/1.0 and plain HTTP, the redirector, `HEAD` of an unknown URL (which a later installation answered
otherwise), the forms of session tokens, what was no HTTP answer at all, and
what was answered only because stand-ins took the places of the worker and of Onepanel's own listeners.
"""

from __future__ import annotations

import base64
import csv
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from defusedxml import ElementTree

from exporter.simulator import Cluster, Fault, HostState, SimulatedZone, WebCertificate, Worker
from exporter.targets import AccessPath
from tests.simulator.plain_client import Client

ROOT = "/api/v3/onepanel/"
SIMPLE_FACT = re.compile(r'"(\w+)":("[^"]*"|true|false)')


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
class State:
    """What is wrong, and the default credentials: faults, facts of the zone and of its node.

    `past` are faults that have been overcome.
    """

    faults: tuple[Fault, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    host_state: Mapping[str, Any] = field(default_factory=dict)
    past: tuple[Fault, ...] = ()


EMPTY = State((Fault.NOT_DEPLOYED,))


@dataclass(frozen=True)
class Way:
    """How a situation is brought about and asked for."""

    operation: str = "health"
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "GET"
    target: str = ""
    body: bytes = b""
    state: State = field(default_factory=lambda: EMPTY)


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
    "FOO": Way(method="FOO"),
    "POST health": Way(method="POST"),
    "HEAD health": Way(method="HEAD"),
    "HEAD zone/workers": Way("zone/workers", method="HEAD"),
    "OPTIONS health": Way(method="OPTIONS"),
    "OPTIONS health, CORS preflight": Way(
        method="OPTIONS", headers={"origin": "https://gui.example", "access-control-request-method": "GET"}
    ),
    "GET health, Origin header": Way(headers={"origin": "https://gui.example"}),
    "GET health, default curl ALPN": Way(),
    "configuration": Way("configuration", state=State()),
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
    "api v3 onezone path": Way(target="/api/v3/onezone/health"),
    "zone/workers right passphrase": Way("zone/workers", RIGHT),
    "GET zone/nagios, Accept application/json, right passphrase": Way(
        "zone/nagios", RIGHT | {"accept": "application/json"}
    ),
}


def component_reported(component: str, word: str) -> Way:
    state = State(host_state={"words": {component: word}})
    return Way(f"zone/{component}", RIGHT, state=state)


WHOLE_SITUATIONS = {
    "cluster_manager ping exit 1": component_reported("managers", "stopped"),
    "cluster_manager script ok, node down": component_reported("managers", "stopped"),
    "couchbase status exit 1": component_reported("databases", "stopped"),
    "couchbase running, port closed": component_reported("databases", "unhealthy"),
}

ABSENT = {"hosts": ("127.0.0.1", "10.9.9.9"), "host_states": {"10.9.9.9": HostState(forgotten=True)}}
NOT_RENEWED = {
    "web_certificate": WebCertificate(
        status="domain_mismatch",
        lets_encrypt=False,
        issuer="OneDataTestWebServerCA",
        expiration="2028-02-06T15:40:19Z",
    )
}

# The words that a situation begins with.
STATES = {
    "breaker open: ": State((Fault.NOT_DEPLOYED, Fault.BREAKER_OPEN)),
    "port 80 refused: ": State((Fault.NOT_DEPLOYED, Fault.LISTENER_FAILING)),
    "port 80 back: ": State((Fault.NOT_DEPLOYED,), past=(Fault.LISTENER_FAILING,)),
    "unseeded again: ": EMPTY,
    "panel stopped: proxy ": State((Fault.PANEL_STOPPED,)),
    "panel SIGSTOPped: proxy ": State((Fault.PANEL_FROZEN,)),
    "after SIGCONT: proxy ": State(past=(Fault.PANEL_FROZEN,)),
    "9443 has a cert not signed by the zone's chain: proxy ": State((Fault.DIRECT_CERTIFICATE_UNTRUSTED,)),
    "nagios port refused: ": State((), RIGHT, {}, {"worker": Worker.LISTENER_CLOSED}),
    "nagios hangs: ": State((Fault.WORKER_SILENT,), RIGHT),
    "nagios answers 500 empty: ": State((), RIGHT, {}, {"worker": Worker.FAILING}),
    "nagios status=error: ": State((), RIGHT, {}, {"modules": {"datastore_worker": "error"}}),
    "oz_worker command not found (127): ": State((), RIGHT, {}, {"worker": Worker.MISSING}),
    "oz_worker ping exit 1: ": State((Fault.WORKER_STOPPED,), RIGHT),
    "oz_worker deployed, its node down; garbage X-Auth-Token: ": State((Fault.WORKER_STOPPED,), GARBAGE),
    "two hosts, one absent: ": State((), RIGHT, ABSENT),
    "letsencrypt service record present: ": State((), RIGHT, NOT_RENEWED),
    "all ok: ": State((), RIGHT, {"web_certificate": None}),
    "again all ok: ": State((), RIGHT),
    "all ok, no creds: ": State(),
    "all ok, proxy: ": State((), RIGHT),
}


def way(words: str) -> Way:
    """From the words of a situation to the request and state that stand for it."""
    words = words.removesuffix(" via proxy")
    if words in WHOLE_SITUATIONS:
        return WHOLE_SITUATIONS[words]
    for prefix, state in STATES.items():
        if words.startswith(prefix):
            asked = way(words.removeprefix(prefix))
            return replace(asked, state=state, headers={**state.headers, **asked.headers})
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


async def bring_about(zone: SimulatedZone, state: State) -> None:
    if state.past:
        await zone.only(*state.past)
    await zone.only(*state.faults)
    await zone.change(**state.facts)
    await zone.change_node("node1", **state.host_state)


def gist(kind: str, body: str) -> Any:
    """What must be the same: of a report its nodes and their statuses, of a picture that it is one."""
    if body in ("", "<empty>"):
        return None
    if kind == "application/xml":
        root = ElementTree.fromstring(body)
        return root.get("status"), [(node.tag, node.attrib) for node in root]
    if kind == "application/json":
        return json_or_text(body)
    return kind


def json_or_text(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body


def is_cut_from(heard: bytes, body: str) -> bool:
    """Whether an observed body that was cut equals, as far as it goes, what was received."""
    facts = set(SIMPLE_FACT.findall(body))
    return not body.endswith("}") and len(facts) > 2 and facts <= set(SIMPLE_FACT.findall(heard.decode()))


@pytest.mark.parametrize(("situation", "answer"), observed())
async def test_it_answers_as_observed(
    zone: SimulatedZone, client: Client, situation: str, answer: tuple[int, str, str]
) -> None:
    status, kind, body = answer
    path, words = situation.split(": ", 1)
    asked = way(words)
    await bring_about(zone, asked.state)
    heard = await client.ask(
        AccessPath(path),
        asked.target or ROOT + asked.operation,
        method=asked.method,
        headers=asked.headers,
        body=asked.body,
    )
    assert (heard.status, heard.headers.get("content-type", "-")) == (status, kind)
    assert gist(kind, heard.body.decode("latin-1")) == gist(kind, body) or is_cut_from(heard.body, body)
    assert heard.headers["content-length"] == str(len(heard.body))
    assert "transfer-encoding" not in heard.headers
