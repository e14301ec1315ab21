"""Nodes that serve different certificates, from the simulated zone to the mail: on a stack of its own.

Beside other faults of certificates, each of which is a change, the alert would have to wait for as long as ever.
"""

from __future__ import annotations

import pytest

from exporter.simulator import Fault
from tests.alerts.faults import PENDING_ALERT, FaultCase
from tests.alerts.surveillance import surveillance
from tests.support.waiting import eventually

pytestmark = pytest.mark.long

DIFFERENT = FaultCase("different", PENDING_ALERT, "mail", (Fault.PROXY_CERTIFICATES_DIFFER,))
FINE = FaultCase("fine")
_LATEST_SECONDS = 120.0


async def test_nodes_with_different_certificates_send_one_mail(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with surveillance(
        tmp_path_factory.mktemp("certificates"), (DIFFERENT, FINE), slow=frozenset()
    ) as scene:
        await scene.all_well()
        await scene.cause(DIFFERENT)
        served = f'onedata_tls_certificates_served{{target="{DIFFERENT.target}",path="proxy"}} == 2'
        await eventually(lambda: scene.stack.query(served), bool)
        await scene.stack.until_notified("firing", [DIFFERENT.target], _LATEST_SECONDS)
        await scene.fires_only({DIFFERENT.target: PENDING_ALERT}, besides="OnedataExporterAbsent")
        (notification,) = [seen for seen in scene.stack.received if seen.receiver == "mail"]
        assert (notification.receiver, notification.status, notification.names) == (
            "mail",
            "firing",
            [PENDING_ALERT],
        )
        (alert,) = notification.alerts
        assert alert["labels"]["severity"] == "warning"
        words = alert["annotations"]
        assert words["summary"] == f"The nodes of {DIFFERENT.target} serve different certificates"
        assert "serves 2 different certificates over one path" in words["description"]
        assert "First step: " in words["description"]
        assert words["runbook_url"].endswith(f"/docs/runbooks/{PENDING_ALERT}.md")
