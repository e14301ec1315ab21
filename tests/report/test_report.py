from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.diagnosis.checkup import Checkup
from exporter.diagnosis.conclusion import conclude
from exporter.observation import Details, Exchange, Observation, Trace
from exporter.operations.component_status import ComponentStatus
from exporter.operations.host_status import Status
from exporter.operations.outcome import ROUND_ENDED, NotLearnt, Outcome
from exporter.operations.worker_report import ReportStatus, WorkerReport
from exporter.reasons import Failure, Reason
from exporter.report import Severity, explain, fault_line, status_line, summarize, write_json, write_text
from exporter.report.certificate_findings import CERTIFICATE_CRITICAL, CERTIFICATE_WARNING
from exporter.report.explanation import classify
from exporter.report.severity import SEVERITIES, severity_of, worst
from exporter.targets import AccessPath, Route
from tests.support.checkups import CERTIFICATE, REFUSED, good_visit, make_checkup, make_details, make_target
from tests.support.commands import ROOT

ROUTE = Route(AccessPath.DIRECT)
TEXT = st.text(max_size=60)
PERFORMANCE = re.compile(r"[A-Za-z0-9_.-]+=-?[0-9.]+s?(;;;0(;[0-9]+)?)?")


def with_outcome(outcome: Outcome, operation: str = "workers") -> Checkup:
    seen = Observation(operation, ROUTE, outcome, (Exchange(ROUTE, 200, 0.01, 10),))
    return replace(make_checkup(make_target()), details=Details((seen,), {}, {}))


def severity(checkup: Checkup) -> Severity:
    return summarize(checkup).severity


def test_the_table_knows_every_state_of_each_kind() -> None:
    for kind, table in SEVERITIES.items():
        assert set(table) == set(kind)
        assert all(isinstance(severity_of(state), Severity) for state in kind)


def test_the_worst_is_critical_before_warning_before_unknown() -> None:
    assert worst([]) is Severity.OK
    assert worst([Severity.OK, Severity.UNKNOWN]) is Severity.UNKNOWN
    assert worst([Severity.UNKNOWN, Severity.WARNING]) is Severity.WARNING
    assert worst([Severity.WARNING, Severity.CRITICAL, Severity.UNKNOWN]) is Severity.CRITICAL


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.HEALTHY, Severity.OK),
        (Status.STARTING, Severity.WARNING),
        (Status.UNREACHABLE, Severity.CRITICAL),
        (Status.UNKNOWN, Severity.UNKNOWN),
    ],
)
def test_an_unhealthy_service_sets_the_severity_of_a_reachable_target(
    status: Status, expected: Severity
) -> None:
    assert severity(with_outcome(ComponentStatus("worker", {"a": Status.HEALTHY, "b": status}))) is expected


@pytest.mark.parametrize(
    ("status", "modules", "expected"),
    [
        (ReportStatus.OK, {"a": {"x": ReportStatus.OK}}, Severity.OK),
        (ReportStatus.ERROR, {"a": {"x": ReportStatus.OUT_OF_SYNC}}, Severity.WARNING),
        (ReportStatus.ERROR, {}, Severity.CRITICAL),
        (ReportStatus.OK, {"a": {"x": ReportStatus.ERROR}}, Severity.CRITICAL),
    ],
)
def test_a_worker_report_counts_module_by_module(
    status: ReportStatus, modules: dict[str, dict[str, ReportStatus]], expected: Severity
) -> None:
    assert severity(with_outcome(WorkerReport(status, modules), "worker_report")) is expected


def test_services_without_an_answer_make_it_unknown() -> None:
    assert severity(with_outcome(Failure(Reason.TIMEOUT))) is Severity.UNKNOWN


def test_hosts_without_a_status_make_it_unknown_and_are_listed() -> None:
    summary = summarize(with_outcome(ComponentStatus("worker", {"a": Status.HEALTHY}, not_learnt=("b",))))
    assert summary.severity is Severity.UNKNOWN
    assert "worker on b: not learnt" in status_line(summary)


def test_operations_that_the_end_of_the_round_left_out_are_listed_and_those_without_a_path_are_not() -> None:
    late = summarize(with_outcome(ROUND_ENDED))
    assert late.severity is Severity.UNKNOWN
    assert "no time was left to ask for all of workers" in status_line(late)
    assert [each.error for each in late.details] == ["not learnt (round at its end)"]
    without_path = summarize(with_outcome(NotLearnt("not asked: Onepanel answers over no path")))
    assert without_path.severity is Severity.OK
    assert without_path.findings == ()


def test_a_cluster_without_services_has_no_empty_list_of_them() -> None:
    summary = summarize(with_outcome(ComponentStatus("worker", {})))
    assert "services" not in write_text(summary)


def test_users_that_may_not_be_listed_are_no_fault() -> None:
    assert severity(with_outcome(Failure(Reason.FORBIDDEN), "users")) is Severity.OK


@pytest.mark.parametrize(
    ("lifetime_days", "days_left", "expected"),
    [
        (90, 28.15, Severity.OK),
        (90, 27.95, Severity.WARNING),
        (90, 6.95, Severity.CRITICAL),
        (45, 15.15, Severity.OK),
        (45, 14.95, Severity.WARNING),
        (45, 4.35, Severity.CRITICAL),
        (6, 2.15, Severity.OK),
        (6, 1.95, Severity.WARNING),
        (6, 0.55, Severity.CRITICAL),
    ],
)
def test_a_certificate_whose_renewal_is_overdue_is_reported_by_the_share_of_its_lifetime(
    lifetime_days: int, days_left: float, expected: Severity
) -> None:
    not_before = CERTIFICATE.not_after - 86_400 * lifetime_days
    target, certificate = make_target(), replace(CERTIFICATE, not_before=not_before)
    visits = [good_visit(route, certificate=certificate) for route in target.routes]
    late = conclude(target, visits, CERTIFICATE.not_after - 86_400 * days_left, 0.25)
    assert severity(late) is expected
    is_reported = f"expires in {math.floor(10 * days_left) / 10} days" in write_text(summarize(late))
    assert is_reported is (expected is not Severity.OK)


def test_the_text_shows_the_chain_with_lifetimes_and_the_root() -> None:
    target = make_target()
    issuer = replace(CERTIFICATE, subject="CN=Some Intermediate", issuer="CN=Some Root")
    visits = []
    for route in target.routes:
        visit = good_visit(route)
        (connection,) = visit.connections
        visits.append(replace(visit, connections=(replace(connection, chain=(CERTIFICATE, issuer)),)))
    at = CERTIFICATE.not_after - 50 * 86_400
    text = write_text(summarize(conclude(target, visits, at, 0.25)))
    assert "certificate: until 2027-01-15 08:00:00 UTC, verified, CN=onezone.example" in text
    assert f"50.0 days left of 115.7, SHA-256 {CERTIFICATE.fingerprint_sha256}" in text
    assert "issuer:      until 2027-01-15 08:00:00 UTC, CN=Some Intermediate" in text
    assert "root:        CN=Some Root" in text
    late = write_text(summarize(conclude(target, visits, CERTIFICATE.not_after + 86_400, 0.25)))
    assert "expired 1.0 days ago of 115.7" in late


def test_the_alerts_have_the_same_limits() -> None:
    config = (ROOT / "deploy" / "mixin" / "config.libsonnet").read_text()
    limits = dict(re.findall(r"^ *(certificate\w+): \{ share: ([^}]+) \},", config, re.MULTILINE))
    assert limits["certificateWarning"] == "1 / 3, days: 28"
    assert limits["certificateCritical"] == "0.1, days: 7"
    assert (CERTIFICATE_WARNING, CERTIFICATE_CRITICAL) == ((1 / 3, 28), (0.1, 7))


def test_text_and_json_hold_the_same_details() -> None:
    target = make_target()
    summary = summarize(replace(make_checkup(target, proxy=REFUSED), details=make_details(target)))
    text, printed = write_text(summary), json.loads(write_json(summary))
    assert (printed["severity"], printed["exit_code"]) == ("critical", 2)
    assert printed["components"]["worker"]["node2.example"] == "unreachable"
    assert printed["users"] == 3
    for part in (
        "node2.example: unreachable",
        "datastore_worker on node1.example: error",
        "token: NOT accepted",
    ):
        assert part in text


@given(name=TEXT, error=TEXT, host=TEXT, module=TEXT)
def test_no_foreign_text_breaks_the_status_line(name: str, error: str, host: str, module: str) -> None:
    target = replace(make_target(), name=name)
    report = WorkerReport(ReportStatus.ERROR, {host: {module: ReportStatus.ERROR}})
    seen = Observation("worker_report", ROUTE, report, (Exchange(ROUTE, 200, 0.01, 10),))
    checkup = make_checkup(target, proxy=Failure(Reason.CONNECT, error))
    line = status_line(summarize(replace(checkup, details=Details((seen,), {}, {}))))
    words, performance = line.split(" | ")
    assert words.startswith("ONEDATA CRITICAL - ")
    assert line.isprintable()
    assert line.count("|") == 1
    assert all(PERFORMANCE.fullmatch(each) for each in performance.split(" "))


@given(TEXT)
def test_a_fault_is_one_line_without_performance_data(message: str) -> None:
    line = fault_line(message)
    assert line.startswith("ONEDATA UNKNOWN -")
    assert line.isprintable()
    assert "|" not in line


@pytest.mark.parametrize(
    ("status", "body_bytes", "failure", "words"),
    [
        (200, 20, None, "success"),
        (503, 0, Failure(Reason.PROXY_UPSTREAM), "the body is empty, so a proxy answered, not Onepanel"),
        (
            502,
            9,
            Failure(Reason.PROXY_UPSTREAM),
            "the body is not Onepanel's JSON error, so a proxy answered, not Onepanel",
        ),
        (500, 9, Failure(Reason.UNHEALTHY, "", "internalServerError"), "Onepanel itself answered"),
        (503, 0, Failure(Reason.WORKER_UNREACHABLE), "Onepanel answers in place of the worker"),
        (404, 0, Failure(Reason.NOT_FOUND), "nothing shows that Onepanel answered"),
        (0, 0, Failure(Reason.RESOLVE), "does not resolve"),
    ],
)
def test_an_exchange_is_classified_by_the_origin_of_its_answer(
    status: int, body_bytes: int, failure: Failure | None, words: str
) -> None:
    trace = Trace(Exchange(ROUTE, status, 0.01, body_bytes, failure), "GET", "https://zone.example/x")
    assert words in classify(trace)


def test_an_explanation_names_a_missing_certificate() -> None:
    trace = Trace(Exchange(ROUTE, 200, 0.01, 9), "GET", "https://zone.example/x", opened=True, chain=None)
    assert "no certificate was shown" in explain(make_checkup(make_target()), [trace])
