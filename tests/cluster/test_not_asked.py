"""What is not asked, as Onepanel answers over no path, has the path's reason: no request, no failure, no advice."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.reasons import Reason
from exporter.report import summarize, write_text
from exporter.simulator import Authority, Fault
from tests.cluster.polled_target import polled_zone

_OF_ONEPANEL = {
    "emergency_passphrase",
    "managers",
    "databases",
    "workers",
    "web_certificate",
    "dns_check",
    "users",
}
_REQUESTS = "onedata_onepanel_requests_total"
_FAILURES = "onedata_onepanel_request_failures_total"


@pytest.mark.parametrize(
    ("fault", "diagnosis", "reason"),
    [
        (Fault.PANEL_STOPPED, "panel_down", Reason.CONNECTION_REFUSED),
        (Fault.DIRECT_CERTIFICATE_EXPIRED, "certificate", Reason.CERTIFICATE_EXPIRED),
        (Fault.DIRECT_CERTIFICATE_UNTRUSTED, "certificate", Reason.CERTIFICATE_UNTRUSTED),
        (Fault.HOST_DOWN, "unreachable", Reason.CONNECTION_REFUSED),
    ],
)
async def test_what_is_not_asked_inherits_the_reason_of_the_path(
    authority: Authority, ca_file: Path, fault: Fault, diagnosis: str, reason: Reason
) -> None:
    async with polled_zone(authority, ca_file) as (zone, polled):
        await polled.poll()
        before = await polled.metrics()
        await zone.only(fault)
        await polled.poll()
        summary, metrics = summarize(polled.latest), await polled.metrics()
    assert summary.diagnosis == diagnosis
    details = {each.operation: each for each in summary.details if each.operation in _OF_ONEPANEL}
    words = f"not learnt (not asked: Onepanel answers over no path ({reason}))"
    assert {name: (each.error, each.status, each.advice) for name, each in details.items()} == dict.fromkeys(
        _OF_ONEPANEL, (words, 0, "")
    )
    # No finding gives a reason of its own beside that of the diagnosis.
    assert not [each.message for each in summary.findings if "not learnt" in each.message]
    assert f": {words}" in write_text(summary)
    for operation in _OF_ONEPANEL:
        counted = [page.total(_REQUESTS, operation=operation) for page in (before, metrics)]
        assert counted[0] == counted[1] > 0, operation
        assert metrics.total(_FAILURES, operation=operation) == before.total(_FAILURES, operation=operation)


async def test_a_path_that_goes_down_amid_the_details_gives_its_reason_to_what_follows(
    authority: Authority, ca_file: Path
) -> None:
    async with polled_zone(authority, ca_file) as (zone, polled):
        await polled.poll()
        checkup = await polled.round()
        await zone.only(Fault.HOST_DOWN)
        await polled.details(checkup)
        summary = summarize(polled.latest)
    details = {each.operation: each.error for each in summary.details}
    assert details["managers"].startswith("connection_refused: ")
    assert (
        details["databases"] == "not learnt (not asked: Onepanel answers over no path (connection_refused))"
    )
