"""What needs credentials: which are accepted, the certificate, the DNS records, and the layout of the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from exporter.simulator import DnsCheck, Fault, SimulatedZone, WebCertificate
from exporter.targets import AccessPath
from tests.simulator.asking import PASSPHRASE, JsonResponse, ask, basic
from tests.simulator.plain_client import Client

TOKEN = {"x-auth-token": "simulated-token"}
MEMBER = {"x-auth-token": "simulated-member-token"}
EXPIRED = {"x-auth-token": "simulated-expired-token"}
GARBAGE = {"x-auth-token": "garbage"}
WRONG = basic("wrong")
NOBODY: Mapping[str, str] = {}
DETAILS = ("hosts", "cluster", "web_cert", "dns_check", "zone/configuration", "zone/workers", "zone/nagios")


def verdict(response: JsonResponse) -> tuple[int, str]:
    error = response.value["error"]
    problem = error.get("details", {}).get("authError", {})
    return response.status, problem.get("id", error["id"])


@pytest.mark.parametrize("operation", DETAILS)
async def test_members_may_read_everything(client: Client, operation: str) -> None:
    for headers in (PASSPHRASE, TOKEN, MEMBER):
        heard = await client.ask(AccessPath.DIRECT, f"/api/v3/onepanel/{operation}", headers=headers)
        assert heard.status == 200


UNAVAILABLE = (503, "serviceUnavailable")
REFUSALS = [
    ((), NOBODY, (401, "unauthorized")),
    ((), WRONG, (401, "badBasicCredentials")),
    ((), GARBAGE, (401, "tokenInvalid")),
    ((), EXPIRED, (401, "tokenCaveatUnverified")),
    ((), WRONG | TOKEN, (401, "badBasicCredentials")),
    ((Fault.WORKER_STOPPED,), TOKEN, UNAVAILABLE),
    ((Fault.WORKER_STOPPED,), EXPIRED, UNAVAILABLE),
    ((Fault.NOT_DEPLOYED,), TOKEN, (400, "noServiceNodes")),
    ((Fault.BREAKER_OPEN,), PASSPHRASE, UNAVAILABLE),
    ((Fault.BREAKER_OPEN,), WRONG, UNAVAILABLE),
    ((Fault.DATABASE_DOWN,), PASSPHRASE, (401, "unauthorized")),
]


@pytest.mark.parametrize(("faults", "headers", "failure_of"), REFUSALS)
async def test_credentials_are_refused(
    zone: SimulatedZone,
    client: Client,
    faults: tuple[Fault, ...],
    headers: dict[str, str],
    failure_of: tuple[int, str],
) -> None:
    await zone.only(*faults)
    assert verdict(await ask(client, "hosts", headers=headers)) == failure_of


async def test_the_passphrase_works_while_the_worker_is_down(zone: SimulatedZone, client: Client) -> None:
    await zone.only(Fault.WORKER_STOPPED)
    assert (await ask(client, "zone/workers")).value == {"127.0.0.1": "stopped"}
    assert (await ask(client, "cluster")).status == 200
    assert (await ask(client, "zone/users")).error_id == "serviceUnavailable"


CERTIFICATES: list[tuple[WebCertificate, dict[str, Any]]] = [
    (
        WebCertificate(last_renewal_failure="2026-11-02T03:00:00Z"),
        {
            "status": "valid",
            "letsEncrypt": True,
            "lastRenewalSuccess": "2026-10-01T03:00:00Z",
            "lastRenewalFailure": "2026-11-02T03:00:00Z",
        },
    ),
    (
        WebCertificate(status="near_expiration", last_renewal_success=None),
        {"status": "near_expiration", "lastRenewalSuccess": None, "lastRenewalFailure": None},
    ),
    (WebCertificate(status="expired", lets_encrypt=False), {"status": "expired", "letsEncrypt": False}),
]


@pytest.mark.parametrize(("certificate", "facts"), CERTIFICATES)
async def test_the_certificate_is_reported_with_its_renewal(
    zone: SimulatedZone, client: Client, certificate: WebCertificate, facts: dict[str, Any]
) -> None:
    await zone.change(web_certificate=certificate)
    answer = (await ask(client, "web_cert")).value
    assert answer.items() >= facts.items()
    assert ("lastRenewalSuccess" in answer) == certificate.lets_encrypt
    assert answer["domain"] == "onezone.example"


async def test_the_dns_check_reports_only_what_is_checked(zone: SimulatedZone, client: Client) -> None:
    await zone.change(dns_check=DnsCheck(domain="missing_records", zone="unresolvable"))
    answer = (await ask(client, "dns_check")).value
    assert [answer[key]["summary"] for key in ("domain", "dnsZone")] == ["missing_records", "unresolvable"]
    checked = datetime.fromisoformat(answer["timestamp"])
    assert datetime.now(UTC) - checked < timedelta(hours=2)
    await zone.change(dns_check=DnsCheck(domain=None, zone=None))
    assert set((await ask(client, "dns_check")).value) == {"timestamp"}
    await zone.change(dns_check=None)
    assert (await ask(client, "dns_check")).status == 404


@pytest.mark.parametrize("operation", ["cluster", "web_cert", "dns_check", "zone/configuration"])
async def test_before_deployment_details_are_not_found(
    zone: SimulatedZone, client: Client, operation: str
) -> None:
    await zone.only(Fault.NOT_DEPLOYED)
    assert verdict(await ask(client, operation)) == (404, "notFound")


async def test_an_internal_error_leaves_four_keys_of_the_configuration(
    zone: SimulatedZone, client: Client
) -> None:
    await zone.change(configuration_broken=True)
    response = await ask(client, "configuration", headers={})
    assert response.status == 200
    assert set(response.value) == {"clusterId", "version", "build", "deployed"}


async def test_faults_apply_on_top_of_changed_facts(zone: SimulatedZone, client: Client) -> None:
    await zone.set(Fault.OLD_VERSION, on=True)
    await zone.change(version="21.02.9")
    assert (await ask(client, "configuration")).value["version"] == "20.02.19"
    await zone.only()
    assert (await ask(client, "configuration")).value["version"] == "21.02.9"
    assert zone.cluster == replace(zone.cluster, version="21.02.9")
