"""The slower operations as conversations: what they ask, and what they make of the answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.diagnosis.checkup import Checkup
from exporter.diagnosis.conclusion import carried_over
from exporter.observation import Details, Observation
from exporter.operations import (
    OPERATIONS,
    component_status,
    dns_check,
    host_status,
    users,
    web_certificate,
    worker_report,
)
from exporter.operations.component_status import ComponentStatus
from exporter.operations.dns_check import DnsStatus
from exporter.operations.host_status import Status
from exporter.operations.limits import MAX_HOSTS, MAX_MODULES, guard
from exporter.operations.operation import API_ROOT, Known, Operation, Request
from exporter.operations.outcome import ROUND_ENDED, NotLearnt
from exporter.operations.responses import Response
from exporter.operations.web_certificate import WebCertificateStatus
from exporter.operations.worker_report import ReportStatus
from exporter.reasons import Failure, Reason
from exporter.targets import AccessPath, Kind, Route
from tests.support.checkups import make_checkup, make_target

JSON = "application/json"
ZONE = Known(Kind.ONEZONE, can_authenticate=True, has_access=True)
PROVIDER = Known(Kind.ONEPROVIDER, can_authenticate=True)
TIMEOUT_SECONDS = 10.0
TIMEOUT = Failure(Reason.TIMEOUT, "nothing within 10 s")
HOSTS = ["node1.example", "node2.example", "node3.example"]
LAYOUT = {"cluster": {plural: {"hosts": HOSTS} for plural in ("workers", "managers", "databases")}}


def error(status: int, error_id: str, **details: object) -> Response:
    return Response(status, JSON, json.dumps({"error": {"id": error_id, "details": details}}).encode())


def body(value: object) -> Response:
    return Response(200, JSON, json.dumps(value).encode())


ERROR_ON_NODES = error(503, "errorOnNodes", hostnames=["node2.example"])
NOT_ALLOWED = error(400, "badValueListNotAllowed", key="hosts", allowed=["node1.example"])


def conversation(
    operation: Operation[Any], known: Known, answer: Callable[[str], Response | Failure | NotLearnt]
) -> tuple[Any, list[Request[Any]]]:
    """Hold a conversation with a server that answers by the last part of the URL."""
    return run_operation(operation, known, lambda request: answer(request.path.removeprefix(API_ROOT)))


def run_operation(
    operation: Operation[Any], known: Known, answer: Callable[[Request[Any]], Response | Failure | NotLearnt]
) -> tuple[Any, list[Request[Any]]]:
    """Hold a conversation; what it comes to, and its requests."""
    conversation = operation.conversation(known)
    requests: list[Request[Any]] = []
    reply: Any = None
    while True:
        try:
            request = conversation.send(reply)
        except StopIteration as stop:
            return stop.value, requests
        requests.append(request)
        answered = answer(request)
        reply = answered if isinstance(answered, Failure | NotLearnt) else request.read(answered)


def by_path(
    answers: Mapping[str, Response | Failure | NotLearnt],
) -> Callable[[str], Response | Failure | NotLearnt]:
    return answers.__getitem__


@pytest.mark.parametrize(
    ("operation", "known", "url", "component"),
    [
        (component_status.WORKERS, ZONE, "/zone/workers", "worker"),
        (component_status.MANAGERS, ZONE, "/zone/managers", "manager"),
        (component_status.DATABASES, PROVIDER, "/provider/databases", "database"),
    ],
)
def test_one_answer_holds_the_status_of_every_host(
    operation: Operation[ComponentStatus], known: Known, url: str, component: str
) -> None:
    facts, requests = conversation(
        operation, known, by_path({url: body({"node1.example": "healthy", "node2.example": "stopped"})})
    )
    assert facts.component == component
    assert facts.by_host == {"node1.example": Status.HEALTHY, "node2.example": Status.STOPPED}
    assert [request.credentials for request in requests] == [True]


@pytest.mark.parametrize("failure_of", [ERROR_ON_NODES, NOT_ALLOWED, TIMEOUT])
@pytest.mark.parametrize("unreachable", [ERROR_ON_NODES, NOT_ALLOWED, TIMEOUT])
def test_an_unreachable_host_costs_no_other_host_its_status(
    failure_of: Response | Failure | NotLearnt, unreachable: Response | Failure | NotLearnt
) -> None:
    facts, requests = conversation(
        component_status.WORKERS,
        ZONE,
        by_path(
            {
                "/zone/workers": failure_of,
                "/zone/configuration": body(LAYOUT),
                "/zone/workers/node1.example": body("healthy"),
                "/zone/workers/node2.example": unreachable,
                "/zone/workers/node3.example": body("unhealthy"),
            }
        ),
    )
    assert facts.by_host == {
        "node1.example": Status.HEALTHY,
        "node2.example": Status.UNREACHABLE,
        "node3.example": Status.UNHEALTHY,
    }
    assert [request.about_host for request in requests] == [True, False, True, True, True]


def test_hosts_are_not_unreachable_if_onepanel_answers_for_none_of_them() -> None:
    """As a node whose executor is stuck: its silence is not that of the hosts, and another node knows them."""
    stuck: dict[str, Response | Failure | NotLearnt] = {
        "/zone/workers": TIMEOUT,
        "/zone/configuration": body(LAYOUT),
        **{f"/zone/workers/{host}": TIMEOUT for host in HOSTS},
    }
    facts, _requests = conversation(component_status.WORKERS, ZONE, by_path(stuck))
    assert (facts.by_host, facts.not_learnt) == ({}, tuple(HOSTS))
    truth = body(dict.fromkeys(HOSTS, "healthy"))
    facts, requests = run_operation(
        component_status.WORKERS,
        ZONE,
        lambda request: truth if request.elsewhere else stuck[request.path.removeprefix(API_ROOT)],
    )
    assert facts.by_host == dict.fromkeys(HOSTS, Status.HEALTHY)
    assert requests[-1].elsewhere


def test_an_executor_that_fails_for_one_host_proves_nothing_about_silent_hosts() -> None:
    stuck: dict[str, Response | Failure | NotLearnt] = {
        "/zone/workers": TIMEOUT,
        "/zone/configuration": body(LAYOUT),
        "/zone/workers/node1.example": error(500, "internalServerError"),
        "/zone/workers/node2.example": TIMEOUT,
        "/zone/workers/node3.example": TIMEOUT,
    }
    facts, requests = conversation(component_status.WORKERS, ZONE, by_path(stuck))
    assert (facts.by_host, facts.not_learnt) == ({}, tuple(HOSTS))
    assert requests[-1].elsewhere


def test_components_of_an_undeployed_cluster_are_not_asked_for() -> None:
    for operation in (component_status.WORKERS, component_status.MANAGERS, component_status.DATABASES):
        assert operation.applies(replace(ZONE, deployed=True))
        assert operation.applies(replace(ZONE, deployed=None))
        assert not operation.applies(replace(ZONE, deployed=False))


def test_an_unreachable_host_is_not_queried_again_in_the_same_round() -> None:
    seen = ComponentStatus("worker", {"node1.example": Status.HEALTHY, "node2.example": Status.UNREACHABLE})
    facts, requests = conversation(
        component_status.MANAGERS,
        Known(Kind.ONEZONE, {"workers": seen}, can_authenticate=True),
        by_path(
            {
                "/zone/configuration": body(LAYOUT),
                "/zone/managers/node1.example": body("healthy"),
                "/zone/managers/node3.example": body("healthy"),
            }
        ),
    )
    assert facts.unreachable_hosts == ("node2.example",)
    assert len(requests) == 3


def test_a_service_that_hangs_on_a_host_that_has_just_answered_does_not_make_it_unreachable() -> None:
    seen = ComponentStatus("manager", dict.fromkeys(HOSTS, Status.HEALTHY))
    facts, _requests = conversation(
        component_status.WORKERS,
        Known(Kind.ONEZONE, {"managers": seen}, can_authenticate=True),
        by_path(
            {
                "/zone/workers": TIMEOUT,
                "/zone/configuration": body(LAYOUT),
                "/zone/workers/node1.example": body("healthy"),
                "/zone/workers/node2.example": TIMEOUT,
                "/zone/workers/node3.example": ERROR_ON_NODES,
            }
        ),
    )
    assert facts.by_host == {"node1.example": Status.HEALTHY, "node3.example": Status.UNREACHABLE}


def test_frozen_hosts_leave_time_for_the_others() -> None:
    frozen = {"node1.example", "node2.example"}
    silent_seconds = 0.0
    learnt: dict[str, Any] = {}

    def answer(path: str) -> Response | Failure | NotLearnt:
        host = path.rpartition("/")[2]
        if host == "configuration":
            return body(LAYOUT)
        return body("healthy") if host in set(HOSTS) - frozen else TIMEOUT

    for operation in OPERATIONS:
        if operation.name in LAYOUT["cluster"]:
            known = Known(Kind.ONEZONE, learnt, can_authenticate=True)
            learnt[operation.name], requests = conversation(operation, known, answer)
            silent = [each for each in requests if answer(each.path.removeprefix(API_ROOT)) is TIMEOUT]
            silent_seconds += TIMEOUT_SECONDS * len(silent)
    unreachable = dict.fromkeys(frozen, Status.UNREACHABLE)
    assert [facts.by_host for facts in learnt.values()] == 3 * [
        {**unreachable, "node3.example": Status.HEALTHY}
    ]
    assert silent_seconds == 3 * TIMEOUT_SECONDS  # for the list once, and once for each frozen host


def round_of_details(
    hosts: Mapping[str, bool], seconds: float, last_call: float, doubtful: tuple[str, ...] = ()
) -> Checkup:
    """A round in which frozen hosts (False) are silent, and the others answer at once."""
    learnt: dict[str, Any] = {}
    layout = {"cluster": {plural: {"hosts": list(hosts)} for plural in LAYOUT["cluster"]}}
    left = seconds

    def answer(request: Request[Any]) -> Response | Failure | NotLearnt:
        nonlocal left
        host = request.path.rpartition("/")[2]
        if left <= (seconds - last_call if request.can_wait else 0.0):
            return ROUND_ENDED
        if host == "configuration":
            return body(layout)
        if hosts.get(host, all(hosts.values())):
            return body("healthy")
        if left < TIMEOUT_SECONDS:
            left = 0.0
            return ROUND_ENDED
        left -= TIMEOUT_SECONDS
        return TIMEOUT

    for operation in OPERATIONS:
        if operation.name in layout["cluster"]:
            known = Known(Kind.ONEZONE, learnt, can_authenticate=True, doubtful=doubtful)
            learnt[operation.name], _ = run_operation(operation, known, answer)
    seen = [Observation(name, Route(AccessPath.DIRECT), outcome, ()) for name, outcome in learnt.items()]
    return replace(make_checkup(make_target()), details=Details(tuple(seen), {}, {}))


def statuses(seen: Observation) -> Mapping[str, Status]:
    assert isinstance(seen.outcome, ComponentStatus)
    return seen.outcome.by_host


def test_every_round_reports_all_hosts_once_the_frozen_ones_are_known() -> None:
    hosts = {f"host{number:02}": number >= 15 for number in range(20)}
    truth = {host: Status.HEALTHY if lives else Status.UNREACHABLE for host, lives in hosts.items()}
    doubtful: tuple[str, ...] = ()
    for number in range(20):
        checkup = round_of_details(hosts, 57.0, 37.0, doubtful)
        doubtful = carried_over(checkup, make_target()).doubtful
        if number >= 5:
            assert [statuses(seen) for seen in checkup.details_observations] == [truth] * 3, number
    assert sorted(doubtful) == sorted(host for host, lives in hosts.items() if not lives)


@pytest.mark.parametrize("revived", ["host00", "host07", "host14"])
def test_each_frozen_host_is_asked_again_when_its_turn_comes(revived: str) -> None:
    hosts = {f"host{number:02}": number >= 15 for number in range(20)}
    doubtful: tuple[str, ...] = ()
    statuses_seen: list[set[Status]] = []
    for number in range(20):
        checkup = round_of_details(hosts | {revived: number >= 10}, 57.0, 37.0, doubtful)
        doubtful = carried_over(checkup, make_target()).doubtful
        if number >= 5:
            statuses_seen.append({statuses(seen)[revived] for seen in checkup.details_observations})
    found = statuses_seen.index({Status.HEALTHY})
    assert 5 <= found <= 11
    assert statuses_seen == [{Status.UNREACHABLE}] * found + [{Status.HEALTHY}] * (15 - found)


def test_hosts_that_answer_again_are_no_longer_doubtful() -> None:
    checkup = round_of_details({"a": False, "b": True}, 57.0, 37.0)
    assert carried_over(checkup, make_target()).doubtful == ("a",)
    checkup = round_of_details({"a": True, "b": False}, 57.0, 37.0, ("a",))
    assert carried_over(checkup, make_target()).doubtful == ("b",)
    checkup = round_of_details({"a": True, "b": True}, 57.0, 37.0, ("b",))
    assert carried_over(checkup, make_target()).doubtful == ()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (error(401, "unauthorized"), Reason.UNAUTHORIZED),
        (error(403, "forbidden"), Reason.FORBIDDEN),
        (error(503, "serviceUnavailable"), Reason.SERVICE_UNAVAILABLE),
        (Response(503), Reason.PROXY_UPSTREAM),
        (body([1]), Reason.INVALID_BODY),
    ],
)
def test_other_errors_do_not_mean_an_unreachable_host(answer: Response, reason: Reason) -> None:
    outcome, requests = conversation(component_status.WORKERS, ZONE, by_path({"/zone/workers": answer}))
    assert outcome.reason is reason
    assert len(requests) == 1


def test_a_host_without_a_usable_answer_is_left_out() -> None:
    facts, _ = conversation(
        component_status.WORKERS,
        ZONE,
        by_path(
            {
                "/zone/workers": ERROR_ON_NODES,
                "/zone/configuration": body(LAYOUT),
                "/zone/workers/node1.example": body("healthy"),
                "/zone/workers/node2.example": error(404, "notFound"),
                "/zone/workers/node3.example": Response(200, "text/html", b"<html>"),
            }
        ),
    )
    assert facts.by_host == {"node1.example": Status.HEALTHY}


def test_a_layout_that_cannot_be_read_is_the_outcome() -> None:
    answers = {"/zone/workers": ERROR_ON_NODES, "/zone/configuration": body({"cluster": {}})}
    outcome, _ = conversation(component_status.WORKERS, ZONE, by_path(answers))
    assert outcome.reason is Reason.INVALID_BODY


def test_unrecognised_statuses_become_unknown_and_are_listed() -> None:
    words = {"a": "healthy", "b": "exploded\n", "c": 7, "d": "unreachable"}
    facts, _ = conversation(component_status.WORKERS, ZONE, by_path({"/zone/workers": body(words)}))
    assert facts.by_host == {
        "a": Status.HEALTHY,
        "b": Status.UNKNOWN,
        "c": Status.UNKNOWN,
        "d": Status.UNKNOWN,
    }
    assert facts.unrecognised == {"exploded", "unreachable"}


def test_ten_thousand_hosts_become_a_hundred_and_the_rest_is_counted() -> None:
    words = {f"host{number:05}": "healthy" for number in range(10_000)}
    facts, _ = conversation(component_status.WORKERS, ZONE, by_path({"/zone/workers": body(words)}))
    assert len(facts.by_host) == MAX_HOSTS
    assert facts.dropped == 9_900


def test_hosts_without_time_left_are_unreachable_only_if_they_were_before() -> None:
    node1, node2, node3 = HOSTS
    answers: dict[str, Response | Failure | NotLearnt] = {
        "/zone/workers": TIMEOUT,
        "/zone/configuration": body(LAYOUT),
        f"/zone/workers/{node1}": TIMEOUT,
        f"/zone/workers/{node2}": ROUND_ENDED,
    }
    facts, requests = conversation(component_status.WORKERS, ZONE, by_path(answers))
    assert (facts.by_host, facts.not_learnt, facts.silent) == ({}, tuple(HOSTS), (node1,))
    assert [request.elsewhere for request in requests] == [False, False, False, False, True]
    outcome, _ = conversation(
        component_status.WORKERS, ZONE, by_path({**answers, f"/zone/workers/{node1}": ROUND_ENDED})
    )
    assert outcome is ROUND_ENDED

    known = replace(ZONE, doubtful=(node3, node2, "gone.example"))
    answers[f"/zone/workers/{node3}"] = error(404, "notFound")
    facts, requests = conversation(component_status.WORKERS, known, by_path(answers))
    assert facts.unreachable_hosts == (node2, node1)  # a host that answers at all is reachable
    assert [request.can_wait for request in requests] == [False, False, True, True]


def test_hosts_asked_one_by_one_are_limited_and_counted_too_and_the_limit_is_one_for_all() -> None:
    seen = ComponentStatus("worker", {f"seen{number:02}": Status.HEALTHY for number in range(99)})
    hosts = [f"host{number:03}" for number in range(500)] + ["seen00"]
    answers: dict[str, Response | Failure | NotLearnt] = {
        "/zone/managers": ERROR_ON_NODES,
        "/zone/configuration": body({"cluster": {"managers": {"hosts": hosts}}}),
    }
    facts, requests = conversation(
        component_status.MANAGERS,
        Known(Kind.ONEZONE, {"workers": seen}, can_authenticate=True),
        lambda url: answers.get(url, body("healthy")),
    )
    assert set(facts.by_host) == {"host000", "seen00"}
    assert facts.dropped == 499
    assert len(requests) == 4


def test_host_names_are_quoted_in_urls() -> None:
    layout = {"cluster": {"workers": {"hosts": ["../users?x#y"]}}}
    _, requests = conversation(
        component_status.WORKERS,
        ZONE,
        by_path(
            {
                "/zone/workers": ERROR_ON_NODES,
                "/zone/configuration": body(layout),
                "/zone/workers/..%2Fusers%3Fx%23y": body("healthy"),
            }
        ),
    )
    assert len(requests) == 3


REPORT = b"""<?xml version="1.0"?><healthdata date="2026/11/23 08:34:42" status="error">
  <oz_worker name="oz_worker@node1.example" status="error">
    <node_manager status="ok"/><datastore_worker status="error: no_db"/><dispatcher status="out_of_sync"/>
    <mystery status="whatever"/>
  </oz_worker>
  <op_worker name="op_worker@node2.example" status="ok"><node_manager status="ok"/></op_worker>
</healthdata>"""


def test_the_workers_report_is_read() -> None:
    facts, requests = conversation(
        worker_report.OPERATION, ZONE, by_path({"/nagios": Response(200, "application/xml", REPORT)})
    )
    assert facts.status is ReportStatus.ERROR
    assert facts.modules == {
        "node1.example": {
            "node_manager": ReportStatus.OK,
            "datastore_worker": ReportStatus.ERROR,
            "dispatcher": ReportStatus.OUT_OF_SYNC,
        },
        "node2.example": {"node_manager": ReportStatus.OK},
    }
    assert [(request.credentials, request.over) for request in requests] == [(False, AccessPath.PROXY)]


REFUSED = Failure(Reason.CONNECTION_REFUSED, "")


def test_onepanel_passes_the_report_on_where_the_worker_cannot_be_reached() -> None:
    answers: dict[str, Response | Failure | NotLearnt] = {
        "/nagios": REFUSED,
        "/zone/nagios": Response(200, "application/xml", REPORT),
    }
    facts, requests = conversation(worker_report.OPERATION, ZONE, by_path(answers))
    assert facts.status is ReportStatus.ERROR
    assert [(request.credentials, request.over) for request in requests] == [
        (False, AccessPath.PROXY),
        (True, None),
    ]


def test_without_credentials_the_public_report_is_all() -> None:
    outcome, requests = conversation(
        worker_report.OPERATION, Known(Kind.ONEZONE), by_path({"/nagios": REFUSED})
    )
    assert outcome is REFUSED
    assert len(requests) == 1


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"<healthdata",
        b"<html/>",
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><healthdata status="&b;"/>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><healthdata status="ok"/>',
        b"<healthdata>" + b"<a><b><c/></b></a>" + b"</healthdata>",
        b"<healthdata>" + b"<a/>" * 20_000 + b"</healthdata>",
        b"<a>" * 100_000,
        b"\xff\xfe<\x00h",
        b'<?xml version="1.0" encoding="nonsense"?><healthdata status="ok"/>',
    ],
    ids=range(10),
)
def test_xml_without_a_report_or_with_a_bomb_is_invalid(xml: bytes) -> None:
    outcome = worker_report.read(Response(200, "application/xml", xml))
    assert isinstance(outcome, Failure)
    assert outcome.reason is Reason.INVALID_BODY


def test_modules_and_hosts_of_the_report_are_limited() -> None:
    nodes = "".join(
        f'<oz_worker name="oz_worker@host{host:04}" status="ok">'
        + "".join(f'<m{host}_{module} status="ok"/>' for module in range(5))
        + "</oz_worker>"
        for host in range(300)
    )
    facts = worker_report.read(Response(200, "", f'<healthdata status="ok">{nodes}</healthdata>'.encode()))
    assert not isinstance(facts, Failure)
    assert len(facts.modules) == MAX_HOSTS
    assert len({name for modules in facts.modules.values() for name in modules}) <= MAX_MODULES
    assert facts.dropped == 200 + (5 * MAX_HOSTS - MAX_MODULES)


CERTIFICATE = {
    "letsEncrypt": True,
    "status": "near_expiration",
    "lastRenewalSuccess": "2026-11-01T00:00:00Z",
    "lastRenewalFailure": None,
    "paths": {"key": "/etc/oz_panel/certs/web_key.pem"},
}


def test_onepanels_view_of_its_certificate_is_read() -> None:
    facts = web_certificate.read(body(CERTIFICATE))
    assert facts == web_certificate.WebCertificate(
        status=WebCertificateStatus.NEAR_EXPIRATION,
        lets_encrypt=True,
        last_renewal_success=1_793_491_200.0,
        last_renewal_failure=None,
    )
    odd = web_certificate.read(
        body({"status": "melted", "lastRenewalSuccess": "yesterday", "letsEncrypt": 1})
    )
    assert odd == web_certificate.WebCertificate(WebCertificateStatus.UNKNOWN, None, None, None)


def test_the_dns_check_is_read() -> None:
    facts = dns_check.read(
        body(
            {
                "timestamp": "2026-11-23T08:34:42",
                "domain": {"summary": "ok", "expected": []},
                "dnsZone": {"summary": "bad_records"},
            }
        )
    )
    assert facts == dns_check.DnsCheck(
        {"domain": DnsStatus.OK, "dns_zone": DnsStatus.BAD_RECORDS}, 1_795_422_882.0
    )
    assert dns_check.read(body({"domain": {"summary": ["?"]}, "timestamp": 5})) == dns_check.DnsCheck(
        {"domain": DnsStatus.UNKNOWN}, None
    )


def test_users_are_asked_of_a_onezone_only() -> None:
    assert users.OPERATION.applies(ZONE)
    assert not users.OPERATION.applies(PROVIDER)
    assert not users.OPERATION.applies(Known(Kind.ONEZONE))
    assert not users.OPERATION.applies(Known(Kind.AUTO, can_authenticate=True))
    facts, _ = conversation(users.OPERATION, ZONE, by_path({"/zone/users": body({"ids": ["a", "b", 3]})}))
    assert facts == users.UserCount(2)


def test_a_request_never_shows_its_password() -> None:
    for request in (users.set_password("id", "canary-7"), users.create_user("bob", "canary-7", "", ())):
        assert "canary-7" not in repr(request)


@pytest.mark.parametrize(
    ("read", "answer", "expected"),
    [
        (users.read_created, Response(201, JSON, b'{"id":"u1"}'), "u1"),
        (users.read_done, Response(204), users.Done()),
        (
            users.read_user,
            body({"userId": "u1", "fullName": "Bob", "username": "b"}),
            users.User("u1", "Bob", "b"),
        ),
    ],
)
def test_changes_are_understood(
    read: Callable[[Response], object], answer: Response, expected: object
) -> None:
    assert read(answer) == expected


@given(st.dictionaries(st.text(), st.integers(), max_size=30), st.integers(0, 10))
def test_the_guard_keeps_clean_unique_names_and_counts_the_rest(named: dict[str, int], limit: int) -> None:
    kept, dropped = guard(named.items(), limit)
    assert len(kept) + dropped == len(named)
    assert len(kept) <= limit
    assert all(name and name.isprintable() and len(name) <= 200 for name in kept)


@given(
    st.binary(max_size=400),
    st.sampled_from([200, 400, 404, 500, 503]),
    st.sampled_from([JSON, "text/xml", ""]),
)
def test_no_answer_makes_a_reader_raise(content: bytes, status: int, content_type: str) -> None:
    answer = Response(status, content_type, content)
    for read in (
        worker_report.read,
        web_certificate.read,
        dns_check.read,
        users.read_ids,
        users.read_user,
        users.read_created,
        users.read_done,
        host_status.read_word,
    ):
        read(answer)
    component_status.read_statuses("worker", answer)
    component_status.read_layout("workers", answer)
