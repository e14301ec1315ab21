"""The log lines of polling: their level, and their fields about the new state."""

from __future__ import annotations

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from exporter.credentials import AuthMethod
from exporter.diagnosis.checkup import Checkup
from exporter.observation import Details, Exchange, Observation
from exporter.polling.log_events import log_change, log_rejections
from exporter.reasons import Failure, Reason
from exporter.state.store import Store
from exporter.state.target_state import TargetState
from exporter.targets import AccessPath, Route
from tests.support.checkups import REFUSED, make_checkup, make_target

DIRECT = Route(AccessPath.DIRECT)
UPSTREAM = Failure(Reason.PROXY_UPSTREAM, "HTTP 503 with an empty body")
REJECTED = Failure(Reason.UNAUTHORIZED, "HTTP 401", "unauthorized", "badBasicCredentials")
NAME = "my-zone"


def lines_of(*checkups: Checkup) -> list[dict[str, object]]:
    """The log of these rounds, taken one after another."""
    store = Store((), ())
    store.set_targets([checkups[0].target])
    with capture_logs() as lines:
        for checkup in checkups:
            for change in store.record(checkup, 0.0):
                log_change(change, checkup)
    return [dict(line) for line in lines]


@pytest.mark.parametrize(
    ("proxy", "direct", "level", "diagnosis", "reason"),
    [
        (None, None, "info", "ok", "none"),
        (None, REFUSED, "warning", "direct_down", "connection_refused"),
        (Failure(Reason.TIMEOUT), REFUSED, "error", "panel_down", "connection_refused"),
        (UPSTREAM, None, "error", "proxy_broken", "proxy_upstream"),
        (REFUSED, REFUSED, "error", "unreachable", "connection_refused"),
        (None, Failure(Reason.CERTIFICATE_EXPIRED), "error", "certificate", "certificate_expired"),
        (UPSTREAM, Failure(Reason.CERTIFICATE_EXPIRED), "error", "certificate", "certificate_expired"),
    ],
)
def test_a_change_is_logged_as_loudly_as_its_diagnosis_is_severe_with_the_reason_that_decides(
    proxy: Failure | None, direct: Failure | None, level: str, diagnosis: str, reason: str
) -> None:
    (line,) = lines_of(make_checkup(make_target(), proxy=proxy, direct=direct))
    assert (line["event"], line["log_level"]) == ("diagnosis changed", level)
    assert (line["to"], line["reason"]) == (diagnosis, reason)


def test_since_belongs_to_the_state_that_the_line_announces() -> None:
    target = make_target()
    first, second = lines_of(
        make_checkup(target, at=1_795_000_000.0), make_checkup(target, at=1_795_000_090.0, direct=REFUSED)
    )
    assert (first["since"], first.get("lasted_seconds")) == ("2026-11-18T11:06:40+00:00", None)
    assert (second["since"], second["lasted_seconds"]) == ("2026-11-18T11:08:10+00:00", 90)


def details(accepted: dict[AuthMethod, bool]) -> Details:
    seen = Observation("workers", DIRECT, REJECTED, (Exchange(DIRECT, 401, 0.1, 9, REJECTED),))
    return Details((seen,), {}, accepted)


def test_a_rejected_credential_is_logged_once_and_again_after_it_was_accepted() -> None:
    state = TargetState(make_target(NAME), {})
    rejected, accepted = details({AuthMethod.PASSPHRASE: False}), details({AuthMethod.PASSPHRASE: True})
    with capture_logs() as lines:
        for each in (rejected, rejected, details({}), rejected, accepted, rejected):
            log_rejections(state, each)
    assert [(line["event"], line["log_level"], line["method"]) for line in lines] == [
        ("credential rejected", "warning", "passphrase")
    ] * 2
    assert lines[0]["error"] == "unauthorized: HTTP 401"


def test_details_without_credentials_log_nothing() -> None:
    with capture_logs() as lines:
        log_rejections(TargetState(make_target(NAME), {}), replace(details({}), observations=()))
    assert lines == []
