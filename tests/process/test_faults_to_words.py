"""Each fault of the simulator, from the fault to the page, the metrics, the log and the probe: one row for each."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

import pytest

from exporter.diagnosis.rules import Diagnosis
from exporter.diagnosis.symptoms import Symptom
from exporter.reasons import Reason
from exporter.simulator import Authority, Fault
from exporter.targets import AccessPath
from tests.support.shown_faults import ShownFaults, show_faults

_STATES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")


class PathRow(NamedTuple):
    """What is shown of one path: its symptom, the gauges, and why its two public operations failed."""

    symptom: Symptom
    up: float
    healthy: float | None
    configuration: Reason | None
    health: Reason | None


class Row(NamedTuple):
    """What a fault leads to. `code` is Nagios'; `cause` is the reason that the log gives; `finding` is on the page."""

    diagnosis: Diagnosis
    level: str
    code: int
    proxy: PathRow
    direct: PathRow
    cause: Reason | None = None
    finding: str = ""


def _down(symptom: Symptom, reason: Reason) -> PathRow:
    """A path over which Onepanel does not answer."""
    return PathRow(symptom, 0.0, None, reason, reason)


def _unclear(symptom: Symptom, reason: Reason) -> PathRow:
    """A path over which Onepanel answers with an error that is none of `health`."""
    return PathRow(symptom, 1.0, None, reason, reason)


_WELL = PathRow(Symptom.HEALTHY, 1.0, 1.0, None, None)
_OLD = PathRow(Symptom.HEALTHY, 1.0, None, None, Reason.NOT_FOUND)
_PATH_UNHEALTHY = PathRow(Symptom.UNHEALTHY, 1.0, 0.0, None, Reason.UNHEALTHY)
_FAILING = PathRow(Symptom.UNHEALTHY, 1.0, 0.0, Reason.SERVER_ERROR, Reason.UNHEALTHY)
_LOSSY = PathRow(Symptom.LOSSY, 1.0, 1.0, Reason.CONNECTION_LOST, None)
_HANGING = PathRow(Symptom.HANGING, 1.0, 1.0, Reason.TIMEOUT, None)
_HANGING_BEHIND_PROXY = PathRow(Symptom.HANGING, 1.0, 1.0, Reason.PROXY_UPSTREAM, None)
_FULL = _unclear(Symptom.FULL, Reason.SERVICE_UNAVAILABLE)
_OTHER_503 = _unclear(Symptom.UNCLEAR, Reason.TEMPORARY_FAILURE)
_REFUSED = _down(Symptom.REFUSED, Reason.CONNECTION_REFUSED)
_SILENT = _down(Symptom.SILENT, Reason.TIMEOUT)
_FROZEN = _down(Symptom.FROZEN, Reason.TIMEOUT)
_EMPTY_503 = _down(Symptom.EMPTY_503, Reason.PROXY_UPSTREAM)
_LOST = _down(Symptom.LOST, Reason.CONNECTION_LOST)

_FINE = Row(Diagnosis.OK, "info", 0, _WELL, _WELL)
_SERVED = "onedata_tls_certificates_served"
_HANGING_TABLE = "configuration hangs over the proxy path, direct path, while health is answered"


def _proxy_down(proxy: PathRow, finding: str = "") -> Row:
    return Row(Diagnosis.PROXY_DOWN, "error", 2, proxy, _WELL, proxy.health, finding)


def _proxy_foreign(reason: Reason) -> Row:
    return Row(Diagnosis.PROXY_BROKEN, "error", 2, _down(Symptom.FOREIGN, reason), _WELL, reason)


def _panel_down(direct: PathRow) -> Row:
    return Row(Diagnosis.PANEL_DOWN, "error", 2, _EMPTY_503, direct, direct.health)


def _unhealthy(path: PathRow, finding: str = "") -> Row:
    return Row(Diagnosis.UNHEALTHY, "error", 2, path, path, path.health, finding)


def _proxy_certificate(reason: Reason) -> Row:
    return Row(Diagnosis.CERTIFICATE, "error", 2, _down(Symptom.CERTIFICATE, reason), _WELL, reason)


def _direct_certificate(reason: Reason, proxy: PathRow) -> Row:
    return Row(Diagnosis.CERTIFICATE, "error", 2, proxy, _down(Symptom.CERTIFICATE, reason), reason)


ROWS: Mapping[Fault, Row] = {
    # The processes.
    Fault.WORKER_STOPPED: _proxy_down(_REFUSED, "worker on 127.0.0.1: stopped"),
    Fault.WORKER_SILENT: _proxy_down(_SILENT),
    Fault.PANEL_STOPPED: _panel_down(_REFUSED),
    Fault.PANEL_FROZEN: _panel_down(_FROZEN),
    Fault.PANEL_SILENT: _panel_down(_SILENT),
    Fault.HOST_DOWN: Row(Diagnosis.UNREACHABLE, "error", 2, _REFUSED, _REFUSED, Reason.CONNECTION_REFUSED),
    Fault.HOST_FROZEN: Row(Diagnosis.HOST_FROZEN, "error", 2, _FROZEN, _FROZEN, Reason.TIMEOUT),
    Fault.NEIGHBOUR_STOPPED: _unhealthy(
        _PATH_UNHEALTHY, "manager on neighbour0.onezone.example: unreachable"
    ),
    Fault.NEIGHBOUR_FROZEN: _unhealthy(_PATH_UNHEALTHY, "manager on neighbour0.onezone.example: unreachable"),
    Fault.DIRECT_CLOSED: Row(Diagnosis.DIRECT_DOWN, "warning", 1, _WELL, _REFUSED, Reason.CONNECTION_REFUSED),
    # The answers of Onepanel.
    Fault.LISTENER_FAILING: _unhealthy(_PATH_UNHEALTHY),
    Fault.EXECUTOR_STUCK: _FINE._replace(code=3, finding="managers not learnt (server_error)"),
    Fault.BREAKER_OPEN: Row(Diagnosis.DATABASE_FULL, "error", 2, _FULL, _FULL, Reason.SERVICE_UNAVAILABLE),
    Fault.DATABASE_DOWN: _unhealthy(_FAILING)._replace(cause=Reason.SERVER_ERROR),
    Fault.TABLE_LOCKED: Row(Diagnosis.OK, "info", 1, _HANGING_BEHIND_PROXY, _HANGING, finding=_HANGING_TABLE),
    Fault.TEMPORARY_FAILURE: _unhealthy(_OTHER_503),
    Fault.INTERNAL_TIMEOUT: _unhealthy(_OTHER_503),
    Fault.NO_CONNECTION_TO_ONEZONE: _unhealthy(_OTHER_503),
    Fault.UNREGISTERED_ONEPROVIDER: _unhealthy(_OTHER_503),
    Fault.LIMIT_REACHED: _unhealthy(_OTHER_503),
    Fault.OLD_VERSION: _FINE._replace(proxy=_OLD, direct=_OLD),
    Fault.NOT_DEPLOYED: Row(Diagnosis.NOT_DEPLOYED, "warning", 1, _WELL, _WELL),
    Fault.LATENCY: _FINE,
    # What stands between.
    Fault.ELSEWHERE: Row(Diagnosis.MISMATCH, "warning", 1, _WELL, _WELL),
    Fault.FOREIGN_PROXY: _proxy_foreign(Reason.PROXY_UPSTREAM),
    Fault.PROXY_NOT_FOUND: _proxy_foreign(Reason.NOT_FOUND),
    Fault.PROXY_LOGIN: _proxy_foreign(Reason.UNAUTHORIZED),
    Fault.PROXY_REDIRECT: _proxy_foreign(Reason.REDIRECT),
    Fault.DIRECT_FOREIGN: Row(
        Diagnosis.DIRECT_DOWN,
        "warning",
        1,
        _WELL,
        _down(Symptom.FOREIGN, Reason.INVALID_BODY),
        Reason.INVALID_BODY,
    ),
    # Certificates.
    Fault.PROXY_CERTIFICATE_ENDING: _FINE._replace(
        code=2, finding="the certificate of the proxy path expires in 2.9 days"
    ),
    Fault.PROXY_CERTIFICATE_EXPIRED: _proxy_certificate(Reason.CERTIFICATE_EXPIRED),
    Fault.PROXY_CERTIFICATE_NOT_YET_VALID: _proxy_certificate(Reason.CERTIFICATE_NOT_YET_VALID),
    Fault.PROXY_CERTIFICATE_OTHER_NAME: _proxy_certificate(Reason.CERTIFICATE_NAME_MISMATCH),
    Fault.PROXY_CERTIFICATE_UNTRUSTED: _proxy_certificate(Reason.CERTIFICATE_UNTRUSTED),
    Fault.PROXY_ISSUER_EXPIRED: _proxy_certificate(Reason.CERTIFICATE_ISSUER_EXPIRED),
    Fault.PROXY_CHAIN_INCOMPLETE: _proxy_certificate(Reason.CERTIFICATE_CHAIN_INCOMPLETE),
    # One probe sees one of both certificates.
    Fault.PROXY_CERTIFICATES_DIFFER: _FINE._replace(
        finding="the nodes serve different certificates over the proxy path"
    ),
    Fault.CERTIFICATE_RENEWED: _FINE,
    Fault.DIRECT_CERTIFICATE_EXPIRED: _direct_certificate(Reason.CERTIFICATE_EXPIRED, _EMPTY_503),
    Fault.DIRECT_CERTIFICATE_NOT_YET_VALID: _direct_certificate(Reason.CERTIFICATE_NOT_YET_VALID, _EMPTY_503),
    Fault.DIRECT_CERTIFICATE_OTHER_NAME: _direct_certificate(Reason.CERTIFICATE_NAME_MISMATCH, _WELL),
    Fault.DIRECT_CERTIFICATE_UNTRUSTED: _direct_certificate(Reason.CERTIFICATE_UNTRUSTED, _EMPTY_503),
    # Broken bytes on 443.
    Fault.PROXY_PLAIN_HTTP: _proxy_certificate(Reason.TLS_HANDSHAKE),
    Fault.PROXY_NOT_HTTP: _proxy_foreign(Reason.INVALID_BODY),
    Fault.PROXY_WRONG_TYPE: _proxy_foreign(Reason.INVALID_BODY),
    Fault.PROXY_INVALID_JSON: _proxy_foreign(Reason.INVALID_BODY),
    Fault.PROXY_ENDLESS: _proxy_foreign(Reason.TOO_LARGE),
    Fault.PROXY_TRUNCATED: _proxy_down(_LOST),
    Fault.PROXY_RESET: _proxy_down(_LOST),
    Fault.PROXY_LOSSY: Row(Diagnosis.PROXY_BROKEN, "error", 2, _LOSSY, _WELL, Reason.CONNECTION_LOST),
    Fault.DIRECT_LOSSY: Row(Diagnosis.UNHEALTHY, "error", 2, _WELL, _LOSSY, Reason.CONNECTION_LOST),
    Fault.PROXY_DRIP: _proxy_down(_SILENT),
}


@pytest.fixture(scope="module")
def shown(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> ShownFaults:
    """What a running exporter and a probe show of all faults."""
    with_details = {Fault.DATABASE_DOWN} | {fault for fault, row in ROWS.items() if row.finding}
    return asyncio.run(show_faults(tmp_path_factory.mktemp("faults"), authority, with_details))


def test_every_fault_has_its_row() -> None:
    assert set(ROWS) == set(Fault)
    assert {fault: row.diagnosis for fault, row in ROWS.items()} == {
        fault: fault.diagnosis for fault in Fault
    }


def paths(row: Row) -> tuple[tuple[AccessPath, PathRow], ...]:
    return (AccessPath.PROXY, row.proxy), (AccessPath.DIRECT, row.direct)


@pytest.mark.parametrize("fault", ROWS, ids=lambda fault: fault.value)
def test_the_page_and_the_json_show_the_diagnosis_and_its_evidence(shown: ShownFaults, fault: Fault) -> None:
    row, (status, page, metrics, *_rest) = ROWS[fault], shown.by_fault[fault.value]
    (node,) = status["summary"]["nodes"]
    assert (status["diagnosis"], node["diagnosis"]) == (row.diagnosis, row.diagnosis)
    findings = [each["message"] for each in status["summary"]["findings"]]
    # A round that needs one connection sees one of several certificates.
    is_one_of_several = fault is Fault.PROXY_CERTIFICATES_DIFFER and metrics.value(_SERVED, path="proxy") == 1
    finding = "" if is_one_of_several else row.finding
    assert any(finding in each for each in findings) if finding else not findings, findings
    for path, expected in paths(row):
        assert node[path]["symptom"] == expected.symptom, path
        reason = expected.configuration or expected.health
        is_shown = reason is not None and expected.symptom is not Symptom.HEALTHY
        assert node[path]["error"].partition(":")[0] == (reason if is_shown else ""), path
        if is_shown:
            assert f"{reason}" in page
    assert row.diagnosis in page
    assert finding in page


@pytest.mark.parametrize("fault", ROWS, ids=lambda fault: fault.value)
def test_the_metrics_show_the_diagnosis_and_count_each_failure_once(shown: ShownFaults, fault: Fault) -> None:
    row, metrics = ROWS[fault], shown.by_fault[fault.value].metrics
    assert metrics.diagnosis(fault.value) == row.diagnosis
    for path, expected in paths(row):
        of = {"path": path.value}
        assert metrics.value("onedata_onepanel_up", **of) == expected.up, path
        assert metrics.value("onedata_onepanel_healthy", **of) == expected.healthy, path
        for operation, reason in (("configuration", expected.configuration), ("health", expected.health)):
            of_both = {**of, "operation": operation}
            failed = metrics.samples("onedata_onepanel_request_failures_total", **of_both)
            counted = {each.labels["reason"]: each.value for each in failed if each.value}
            assert counted == ({reason.value: 1.0} if reason else {}), (path, operation)
            assert metrics.value("onedata_onepanel_requests_total", **of_both) == 1.0, (path, operation)


@pytest.mark.parametrize("fault", ROWS, ids=lambda fault: fault.value)
def test_the_log_has_one_line_with_the_level_the_diagnosis_and_the_reason(
    shown: ShownFaults, fault: Fault
) -> None:
    row = ROWS[fault]
    (line,) = (each for each in shown.by_fault[fault.value].log if 'msg="diagnosis changed"' in each)
    assert f" level={row.level} " in line
    assert f" from=unknown to={row.diagnosis} reason={row.cause or 'none'} " in line
    for path, expected in paths(row):
        reason = expected.configuration or expected.health
        is_logged = reason is not None and expected.symptom is not Symptom.HEALTHY
        assert f' {path}="{reason}: ' in line if is_logged else f" {path}=ok" in line, (path, line)


@pytest.mark.parametrize("fault", ROWS, ids=lambda fault: fault.value)
def test_the_probe_ends_in_the_state_of_nagios_and_gives_the_diagnosis(
    shown: ShownFaults, fault: Fault
) -> None:
    row = ROWS[fault]
    line = shown.by_fault[fault.value].probe
    assert line.startswith(f"ONEDATA {_STATES[row.code]} - {fault.value}: {row.diagnosis}"), line
    for path, expected in paths(row):
        if row.diagnosis is not Diagnosis.OK and expected.symptom is not Symptom.HEALTHY:
            assert f"{path} {expected.configuration or expected.health}: " in line
    assert shown.probe_code == 2


def test_no_credential_is_rejected_or_accepted_by_a_panel_whose_database_is_down(shown: ShownFaults) -> None:
    by_database_down = shown.by_fault[Fault.DATABASE_DOWN.value]
    assert not list(by_database_down.metrics.samples("onedata_credentials_accepted"))
    assert not [line for line in by_database_down.log if "credential rejected" in line]


def test_a_report_that_onepanel_cannot_have_from_its_worker_is_no_fault_of_a_proxy(
    shown: ShownFaults,
) -> None:
    status, page, metrics, *_rest = shown.by_fault[Fault.WORKER_STOPPED.value]
    (report,) = (each for each in status["summary"]["details"] if each["operation"] == "worker_report")
    words = f"{Reason.WORKER_UNREACHABLE}: HTTP 503 with an empty body"
    assert (report["path"], report["status"], report["error"]) == ("direct", 503, words)
    assert report["advice"] == Reason.WORKER_UNREACHABLE.advice
    assert words in page
    failed = metrics.samples("onedata_onepanel_request_failures_total", operation="worker_report")
    assert {(each.labels["path"], each.labels["reason"]): each.value for each in failed if each.value} == {
        ("proxy", "connection_refused"): 1.0,
        ("direct", "worker_unreachable"): 1.0,
    }
