"""A credential that a target sends back goes no further: not into facts, failures, certificates or traces."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.client.client import Client
from exporter.client.redaction import Redaction
from exporter.client.routes_seen import RoutesSeen
from exporter.credentials import Auth, Secret
from exporter.observation import Trace
from exporter.operations import OPERATIONS
from exporter.operations.operation import Known
from exporter.targets import Kind
from tests.support.polling import target_at
from tests.support.servers import CONFIGURATION, LOOPBACK, ScriptedServer, Wire, http

TOKEN = "canary-token-7f3a"
PASSPHRASE = 'canary "pass" phrase'
FORMS: dict[str, Callable[[str], str]] = {
    "raw": lambda secret: secret,
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "with its user": lambda secret: base64.b64encode(f"onepanel:{secret}".encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS)
async def test_a_secret_that_a_target_sends_back_is_redacted_everywhere(form: str) -> None:
    secrets = f"{FORMS[form](TOKEN)} and {FORMS[form](PASSPHRASE)}"

    async def echo(wire: Wire) -> None:
        while True:
            request = await wire.request()
            body: object = {**CONFIGURATION, "zoneName": secrets, "version": secrets}
            status = "200 OK"
            if "/configuration " not in request:
                body, status = {"error": {"id": secrets, "description": secrets}}, "500 No"
            await wire.send(http(json.dumps(body).encode(), f"x-echo: {secrets}", status=status))

    traces: list[Trace] = []
    async with ScriptedServer(echo) as server:
        target = replace(
            target_at(f"http://{LOOPBACK}:{server.port}"),
            auth=Auth(Secret(TOKEN), Secret(PASSPHRASE)),
        )
        client = Client(lambda where, error: pytest.fail(f"{where}: {error!r}"), traces.append)
        try:
            visits = await client.poll(target, OPERATIONS, Known())
            known = Known(Kind.ONEZONE)
            details = await client.poll_details(
                target, OPERATIONS, known, RoutesSeen(target.routes, target.routes)
            )
        finally:
            await client.close()
    shown = repr((visits, details, traces))
    assert "<redacted>" in shown
    for secret in (TOKEN, PASSPHRASE):
        for encoded in FORMS.values():
            assert encoded(secret) not in shown
            assert repr(encoded(secret))[1:-1] not in shown


@given(st.text(min_size=6), st.text(), st.text())
def test_no_text_holds_a_known_secret_after_redaction(secret: str, before: str, after: str) -> None:
    clean = Redaction([secret]).text(before + secret + after)
    assert secret not in clean or secret in "<redacted>"
