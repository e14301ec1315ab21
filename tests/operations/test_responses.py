from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.operations import OPERATIONS, configuration, health
from exporter.operations.operation import Known, Request
from exporter.operations.responses import Response, cached, failure_of, read_object, sanitize
from exporter.reasons import Failure, Reason
from exporter.targets import Kind

JSON = "application/json"
UNAVAILABLE = b'{"error":{"id":"serviceUnavailable","description":"Service required is offline."}}'
NOT_FOUND = b'{"error":{"id":"notFound","description":"The resource could not be found."}}'
SERVER_ERROR = b'{"error":{"id":"internalServerError","description":"The server has encountered an error."}}'


@pytest.mark.parametrize(
    ("answer", "reason", "error_id"),
    [
        (Response(503, "", b""), Reason.PROXY_UPSTREAM, ""),
        (Response(503, "text/html", b"<html>"), Reason.PROXY_UPSTREAM, ""),
        (Response(502, "text/html", b"<html>"), Reason.PROXY_UPSTREAM, ""),
        (Response(504, JSON, b'{"message":"no upstream"}'), Reason.PROXY_UPSTREAM, ""),
        (Response(503, JSON, UNAVAILABLE), Reason.SERVICE_UNAVAILABLE, "serviceUnavailable"),
        *(
            (
                Response(503, JSON, json.dumps({"error": {"id": error_id}}).encode()),
                Reason.TEMPORARY_FAILURE,
                error_id,
            )
            for error_id in (
                "temporaryFailure",
                "timeout",
                "noConnectionToOnezone",
                "unregisteredOneprovider",
                "errorOnNodes",
                "limitReached",
            )
        ),
        (Response(500, JSON, UNAVAILABLE), Reason.SERVER_ERROR, "serviceUnavailable"),
        (Response(503, "text/xml", b"<healthdata/>"), Reason.PROXY_UPSTREAM, ""),
        (Response(503, "text/plain", UNAVAILABLE), Reason.PROXY_UPSTREAM, ""),
        (Response(500, JSON, SERVER_ERROR), Reason.SERVER_ERROR, "internalServerError"),
        (Response(500, "", b""), Reason.SERVER_ERROR, ""),
        (Response(505, "", b""), Reason.SERVER_ERROR, ""),
        (Response(404, "", b""), Reason.NOT_FOUND, ""),
        (Response(404, JSON, NOT_FOUND), Reason.NOT_FOUND, "notFound"),
        (Response(401, JSON, b'{"error":{"id":"unauthorized"}}'), Reason.UNAUTHORIZED, "unauthorized"),
        (Response(403, JSON, b'{"error":{"id":"forbidden"}}'), Reason.FORBIDDEN, "forbidden"),
        (Response(400, JSON, b'{"error":{"id":"noServiceNodes"}}'), Reason.CLIENT_ERROR, "noServiceNodes"),
        (Response(405, "", b""), Reason.CLIENT_ERROR, ""),
        (Response(301, "text/html", b""), Reason.REDIRECT, ""),
        (Response(204, "", b""), Reason.INVALID_BODY, ""),
        (Response(600, "", b""), Reason.SERVER_ERROR, ""),
        (Response(404, JSON, b'{"error":"text"}'), Reason.NOT_FOUND, ""),
        (Response(404, JSON, b"[1]"), Reason.NOT_FOUND, ""),
        (Response(404, JSON, b'{"error":{"id":7}}'), Reason.NOT_FOUND, ""),
    ],
)
def test_an_error_has_one_reason_and_its_origin(answer: Response, reason: Reason, error_id: str) -> None:
    failure = failure_of(answer)
    assert failure is not None
    assert (failure.reason, failure.error_id) == (reason, error_id)
    assert failure.from_onepanel is bool(error_id)
    assert str(answer.status) in failure.detail


@pytest.mark.parametrize(
    ("details", "text"),
    [
        (
            {"authError": {"id": "badBasicCredentials", "description": "Invalid username."}},
            "Invalid username.",
        ),
        ({"authError": {"id": "tokenInvalid"}}, "Not valid (see details)."),
        ({"authError": "text"}, "Not valid (see details)."),
        (["authError"], "Not valid (see details)."),
        (None, "Not valid (see details)."),
    ],
)
def test_the_detail_of_a_rejected_credential_names_its_fault(details: object, text: str) -> None:
    error = {"id": "unauthorized", "description": "Not valid (see details).", "details": details}
    failure = failure_of(Response(401, JSON, json.dumps({"error": error}).encode()))
    assert failure is not None
    assert failure.detail == f"HTTP 401 unauthorized: {text}"


@pytest.mark.parametrize(
    ("details", "cause_id"),
    [
        (
            {"authError": {"id": "badBasicCredentials", "description": "Invalid username."}},
            "badBasicCredentials",
        ),
        ({"hostnames": ["a"], "error": {"id": "noConnectionToClusterNode"}}, "noConnectionToClusterNode"),
        ({"authError": {"id": 7}}, ""),
        ({"authError": "text"}, ""),
        ({}, ""),
        (None, ""),
    ],
)
def test_the_cause_of_an_error_is_the_error_inside_it(details: object, cause_id: str) -> None:
    error = {"id": "unauthorized", "description": "Not valid (see details).", "details": details}
    failure = failure_of(Response(401, JSON, json.dumps({"error": error}).encode()))
    assert failure is not None
    assert failure.cause_id == cause_id


def test_an_empty_report_with_503_is_an_answer_of_onepanel() -> None:
    failure = failure_of(Response(503, "text/xml", b""))
    assert failure is not None
    assert failure.reason is Reason.WORKER_UNREACHABLE
    assert failure.from_onepanel


def test_success_is_no_refusal() -> None:
    assert failure_of(Response(200, JSON, b"{}")) is None


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (Response(200, "text/html", b"{}"), "expected application/json, got text/html"),
        (Response(200, "", b"{}"), "expected application/json, got nothing"),
        (Response(200, JSON, b"[]"), "expected a JSON object, got list"),
        (Response(200, JSON, b'{"a":'), "Expecting value"),
        (Response(200, JSON, b"[" * 60_000), "nested too deeply"),
        (Response(200, JSON, b'{"a": ' + b"9" * 5000 + b"}"), "digits"),
    ],
)
def test_a_body_that_is_not_what_was_expected_is_invalid(answer: Response, detail: str) -> None:
    outcome = read_object(answer)
    assert isinstance(outcome, Failure)
    assert outcome.reason is Reason.INVALID_BODY
    assert detail in outcome.detail


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Response(200, JSON, b'{"status":"healthy"}'), health.Health()),
        (Response(500, JSON, SERVER_ERROR), Reason.UNHEALTHY),
        (Response(200, JSON, b'{"status":"sick"}'), Reason.UNHEALTHY),
        (Response(500, "", b""), Reason.SERVER_ERROR),
        (Response(503, JSON, UNAVAILABLE), Reason.SERVICE_UNAVAILABLE),
        (Response(404, "", b""), Reason.NOT_FOUND),
        (Response(406, "", b""), Reason.NOT_FOUND),
        (Response(406, "text/html", b"<html>"), Reason.CLIENT_ERROR),
        (Response(200, JSON, b'{"status":7}'), Reason.INVALID_BODY),
        (Response(200, JSON, b"{}"), Reason.INVALID_BODY),
    ],
)
def test_health_is_read(answer: Response, outcome: object) -> None:
    found = health.read(answer)
    assert (found.reason if isinstance(found, Failure) else found) == outcome


def read_configuration(body: dict[str, object]) -> configuration.Configuration:
    found = configuration.read(Response(200, JSON, json.dumps(body).encode()))
    assert isinstance(found, configuration.Configuration)
    return found


ZONE = {
    "zoneName": "Reference Zone",
    "zoneDomain": "onezone.example",
    "version": "21.02.7",
    "serviceType": "onezone",
    "deployed": True,
    "clusterId": "onezone",
    "build": "8-ge9fd9a78",
}
PROVIDER = {
    "serviceType": "oneprovider",
    "providerId": "p1",
    "providerName": "Cracow",
    "providerDomain": "cracow.example",
    "zoneDomain": "onezone.example",
    "isRegistered": True,
    "version": "21.02.7",
    "build": "8",
    "clusterId": "c1",
    "deployed": True,
}


def test_a_onezone_is_read() -> None:
    facts = read_configuration(ZONE)
    assert facts.kind is Kind.ONEZONE
    assert (facts.name, facts.domain, facts.zone_domain) == (
        "Reference Zone",
        "onezone.example",
        "onezone.example",
    )
    assert (facts.version, facts.build, facts.cluster_id) == ("21.02.7", "8-ge9fd9a78", "onezone")
    assert (facts.deployed, facts.registered, facts.complete) == (True, None, True)


def test_a_oneprovider_is_read() -> None:
    facts = read_configuration(PROVIDER)
    assert facts.kind is Kind.ONEPROVIDER
    assert (facts.name, facts.domain, facts.zone_domain) == ("Cracow", "cracow.example", "onezone.example")
    assert (facts.registered, facts.complete) == (True, True)


@pytest.mark.parametrize(
    ("body", "complete"),
    [
        ({**PROVIDER, "providerId": None, "providerName": None, "providerDomain": None}, False),
        ({**PROVIDER, "isRegistered": False, "providerId": None}, True),
        ({key: PROVIDER[key] for key in PROVIDER if key not in {"providerName", "providerDomain"}}, True),
        ({"version": "21.02.7", "build": "8", "clusterId": "onezone", "deployed": True}, False),
    ],
)
def test_reduced_and_nameless_answers_are_incomplete(body: dict[str, object], complete: bool) -> None:
    assert read_configuration(body).complete is complete


@pytest.mark.parametrize("broken", [b"Krak\xf3w", b"\\ud83d", b"\xff\xfe"])
def test_text_outside_unicode_costs_its_own_field_only(broken: bytes) -> None:
    whole = json.dumps({**ZONE, "zoneName": "NAME"}).encode()
    facts = configuration.read(Response(200, JSON, whole.replace(b"NAME", broken)))
    assert isinstance(facts, configuration.Configuration)
    assert facts == replace(read_configuration(ZONE), name="")


def test_foreign_types_are_not_taken_for_values() -> None:
    facts = read_configuration({**ZONE, "build": 8, "zoneName": ["x"], "deployed": "yes", "version": True})
    assert (facts.build, facts.name, facts.deployed, facts.version) == ("8", "", None, "")


def test_json_without_a_configuration_is_invalid() -> None:
    found = configuration.read(Response(200, JSON, b'{"hello":"world"}'))
    assert isinstance(found, Failure)
    assert found.reason is Reason.INVALID_BODY


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
keys = st.sampled_from([*ZONE, *PROVIDER, "status", "error", "id", "description"]) | st.text(max_size=5)
bodies = st.binary(max_size=300) | st.dictionaries(keys, json_values, max_size=8).map(
    lambda value: json.dumps(value).encode()
)
answers = st.builds(
    Response, st.integers(100, 999), st.sampled_from([JSON, "", "text/html", "text/xml"]), bodies
)


@given(answers)
def test_no_answer_makes_an_operation_raise(answer: Response) -> None:
    for operation in OPERATIONS:
        conversation = operation.conversation(Known())
        request: Request[Any] = next(conversation)
        outcome = request.read(answer)
        with pytest.raises(StopIteration) as stop:
            conversation.send(outcome)
        assert stop.value.value == outcome
        for metric in operation.metrics:
            seen = metric.see(outcome)
            for reading in () if seen is None else metric.read(seen):
                assert len(reading.labels) == len(metric.labels)


@given(st.text())
def test_foreign_text_becomes_one_short_printable_line(text: str) -> None:
    line = sanitize(text)
    assert len(line) <= 200
    assert line.isprintable()


def test_equal_short_answers_are_read_once_and_share_what_was_read() -> None:
    asked: list[Response] = []

    @cached
    def read(answer: Response) -> list[bytes]:
        asked.append(answer)
        return [answer.body]

    short, other, long = (Response(200, "application/json", body) for body in (b"{}", b"[]", b" " * 1025))
    facts = read(short)
    assert read(replace(short)) is facts
    assert read(other) == [b"[]"]
    assert read(Response(500, "application/json", b"{}")) is not facts
    assert [read(long), read(long)] == [[long.body]] * 2
    assert asked.count(short) == 1
    assert asked.count(long) == 2, "long answers are not kept"
