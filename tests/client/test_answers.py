"""Odd answers of both public operations, from their bytes to the diagnosis, the first step and the status line."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from exporter.diagnosis.checkup import CONFIGURATION, Checkup
from exporter.diagnosis.rules import Diagnosis
from exporter.diagnosis.symptoms import Symptom
from exporter.operations.configuration import Configuration
from exporter.reasons import Reason
from exporter.report import Severity, status_line, summarize
from tests.support.polling import DIRECT, PROXY, everywhere, poll, reasons, target_at
from tests.support.servers import LOOPBACK, Script, ScriptedServer, Wire, answering, http, onepanel_answer

ERROR = b'{"error":{"id":"internalServerError","description":"The server has encountered an error."}}'


class Row(NamedTuple):
    """What both operations are answered on both paths, and what becomes of it."""

    answer: bytes
    symptom: Symptom
    configuration: Reason
    health: Reason
    is_up: bool
    line: str
    first_step: str


ROWS = {
    "204": Row(
        b"HTTP/1.1 204 No Content\r\n\r\n",
        Symptom.FAILING,
        Reason.INVALID_BODY,
        Reason.INVALID_BODY,
        is_up=False,
        line="proxy invalid_body: HTTP 204 with an empty body; direct invalid_body: HTTP 204 with an empty body",
        first_step="The port answers without Onepanel's words: check what listens there, then Onepanel's log.",
    ),
    "500 without a body": Row(
        http(b"", "content-type:", status="500 Internal Server Error"),
        Symptom.FAILING,
        Reason.SERVER_ERROR,
        Reason.SERVER_ERROR,
        is_up=False,
        line="proxy server_error: HTTP 500 with an empty body; direct server_error: HTTP 500 with an empty body",
        first_step="Onepanel answers and fails: check its log, and whether its own database runs.",
    ),
    "500 in Onepanel's words": Row(
        http(ERROR, status="500 Internal Server Error"),
        Symptom.UNHEALTHY,
        Reason.SERVER_ERROR,
        Reason.UNHEALTHY,
        is_up=True,
        line="proxy server_error: HTTP 500 internalServerError: The server has encountered an error.; direct",
        first_step="Onepanel answers and fails: check its log, and whether its own database runs.",
    ),
}


async def polled(script: Script) -> Checkup:
    """A round of both paths to a server that follows a script."""
    async with ScriptedServer(script) as server:
        return await poll(target_at(f"http://{LOOPBACK}:{server.port}"))


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
async def test_an_onepanel_that_answers_and_fails_is_unhealthy_and_the_words_name_its_answers(
    row: Row,
) -> None:
    checkup = await polled(answering(row.answer))
    assert set(reasons(checkup)[PROXY.path].items()) == {
        ("configuration", row.configuration.value),
        ("health", row.health.value),
    }
    for route in (PROXY, DIRECT):
        assert (checkup.symptom(route), checkup.onepanel_answered(route)) == (row.symptom, row.is_up)
    summary = summarize(checkup)
    assert (summary.diagnosis, summary.severity) == (Diagnosis.UNHEALTHY, Severity.CRITICAL)
    assert f"ONEDATA CRITICAL - zone: unhealthy ({row.line}" in status_line(summary)
    assert [node.first_step for node in summary.nodes] == [row.first_step]


@pytest.mark.parametrize(("name", "text"), [(b"Krak\xf3w", ""), ("Kraków".encode(), "Kraków")])
async def test_a_name_in_latin_1_costs_the_name_alone(name: bytes, text: str) -> None:
    async def script(wire: Wire) -> None:
        while True:
            answer = onepanel_answer(await wire.request())
            _head, _end, body = answer.partition(b"\r\n\r\n")
            await wire.send(http(body.replace(b"Scripted Zone", name)))

    checkup = await polled(script)
    assert (reasons(checkup), checkup.worst) == (everywhere("ok"), Diagnosis.OK)
    facts = checkup.facts(CONFIGURATION)
    assert isinstance(facts, Configuration)
    assert facts.name == text
    assert (facts.version, facts.cluster_id, facts.domain) == ("21.02.7", "onezone", "onezone.example")
    assert facts.deployed is True
