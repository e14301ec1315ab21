"""Certificates: verified by default, read even when they are refused, and shown when a server asks for ours."""

from __future__ import annotations

import ssl
import time
from pathlib import Path

import pytest
import trustme
from cryptography import x509

from exporter.observation import Certificate
from exporter.reasons import Reason
from exporter.simulator import Authority, Credential
from exporter.targets import AccessPath, Target
from tests.support.polling import DIRECT, PROXY, everywhere, poll, reasons, target_at, with_tls
from tests.support.servers import LOOPBACK, ScriptedServer, healthy, shaking_hands, silent

REFUSED = {
    Credential.EXPIRED: Reason.CERTIFICATE_EXPIRED,
    Credential.NOT_YET_VALID: Reason.CERTIFICATE_NOT_YET_VALID,
    Credential.OTHER_NAME: Reason.CERTIFICATE_NAME_MISMATCH,
    Credential.UNTRUSTED: Reason.CERTIFICATE_UNTRUSTED,
    Credential.ISSUER_EXPIRED: Reason.CERTIFICATE_ISSUER_EXPIRED,
    Credential.INCOMPLETE: Reason.CERTIFICATE_CHAIN_INCOMPLETE,
}
_DAY_SECONDS = 86_400.0


async def certificate_of(target: Target) -> Certificate:
    """The certificate that both paths have shown."""
    checkup = await poll(target)
    shown = [checkup.connection(route) for route in (PROXY, DIRECT)]
    certificates = {each.certificate for each in shown if each is not None}
    assert len(certificates) == 1
    certificate = certificates.pop()
    assert certificate is not None
    return certificate


def target_of(server: ScriptedServer, ca_file: Path | None) -> Target:
    return target_at(f"https://{LOOPBACK}:{server.port}", ca_file=ca_file)


@pytest.mark.parametrize("credential", REFUSED, ids=lambda credential: credential.value)
async def test_a_rejected_certificate_is_read_without_sending_a_byte(
    credential: Credential, authority: Authority, ca_file: Path
) -> None:
    async with ScriptedServer(silent, authority.server_context(credential)) as server:
        target = target_of(server, ca_file)
        checkup = await poll(target)
        assert reasons(checkup) == everywhere(REFUSED[credential])
        # A refused handshake and a look at the certificate on each path: four connections, and not a byte.
        assert server.accepted == 2 * len(AccessPath)
        assert b"".join(server.heard) == b""
    for route in (PROXY, DIRECT):
        connection = checkup.connection(route)
        assert connection is not None
        assert connection.certificate is not None
        assert connection.certificate.verified is False


async def test_the_facts_of_a_certificate_are_those_of_the_file(tmp_path: Path) -> None:
    issuer = trustme.CA(organization_name="An Authority")
    leaf = issuer.issue_cert(LOOPBACK, common_name="zone.example", organization_name="A Zone")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    issuer.cert_pem.write_to_path(tmp_path / "ca.pem")
    expected = x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes())
    async with ScriptedServer(healthy, context) as server:
        found = await certificate_of(target_of(server, tmp_path / "ca.pem"))
    assert found.verified
    assert "CN=zone.example" in found.subject
    assert "O=A Zone" in found.subject
    assert "O=An Authority" in found.issuer
    assert found.not_before == expected.not_valid_before_utc.timestamp()
    assert found.not_after == expected.not_valid_after_utc.timestamp()
    assert len(bytes.fromhex(found.fingerprint_sha256)) == 32


@pytest.mark.parametrize(
    ("credential", "over"),
    [(Credential.EXPIRED, True), (Credential.NOT_YET_VALID, False)],
    ids=["expired", "not yet valid"],
)
async def test_the_times_of_a_refused_certificate_are_known(
    credential: Credential, *, over: bool, authority: Authority, ca_file: Path
) -> None:
    async with ScriptedServer(silent, authority.server_context(credential)) as server:
        found = await certificate_of(target_of(server, ca_file))
    now = time.time()
    assert (found.not_after < now) is over
    assert (found.not_before > now) is not over
    assert found.not_before < found.not_after
    assert abs((found.not_after if over else found.not_before) - now) == pytest.approx(_DAY_SECONDS, abs=3600)


async def test_the_authorities_of_the_system_do_not_vouch_for_a_private_one(authority: Authority) -> None:
    async with ScriptedServer(silent, authority.server_context(Credential.GOOD)) as server:
        checkup = await poll(target_of(server, None))
    assert reasons(checkup) == everywhere(Reason.CERTIFICATE_UNTRUSTED)


@pytest.mark.parametrize("credential", Credential, ids=lambda credential: credential.value)
async def test_any_certificate_will_do_where_verification_is_off(
    credential: Credential, authority: Authority
) -> None:
    async with ScriptedServer(healthy, authority.server_context(credential)) as server:
        target = with_tls(target_of(server, None), insecure_skip_verify=True)
        assert reasons(await poll(target)) == everywhere("ok")
        assert (await certificate_of(target)).verified is False


async def test_server_name_is_asked_for_and_verified(authority: Authority, ca_file: Path) -> None:
    async with ScriptedServer(healthy, authority.server_context(Credential.OTHER_NAME)) as server:
        target = with_tls(target_of(server, ca_file), server_name="another-zone.example")
        assert reasons(await poll(target)) == everywhere("ok")
        names = {wire.writer.get_extra_info("ssl_object").server_name for wire in server.wires}
    assert names == {"another-zone.example"}


@pytest.fixture
def demanding(tmp_path: Path) -> tuple[ssl.SSLContext, dict[str, str]]:
    """A server's context that demands a certificate of its client, and the options that show a right one."""
    clients = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issuer = trustme.CA()
    issuer.issue_cert(LOOPBACK).configure_cert(context)
    context.verify_mode = ssl.CERT_REQUIRED
    clients.configure_trust(context)
    ours = clients.issue_cert("exporter.example")
    ours.cert_chain_pems[0].write_to_path(tmp_path / "exporter.pem")
    ours.private_key_pem.write_to_path(tmp_path / "exporter.key")
    issuer.cert_pem.write_to_path(tmp_path / "ca.pem")
    files = {"ca_file": "ca.pem", "cert_file": "exporter.pem", "key_file": "exporter.key"}
    return context, {key: str(tmp_path / name) for key, name in files.items()}


async def test_our_own_certificate_is_shown_to_a_server_that_asks_for_it(
    demanding: tuple[ssl.SSLContext, dict[str, str]],
) -> None:
    context, options = demanding
    async with ScriptedServer(healthy, context) as server:
        checkup = await poll(with_tls(target_of(server, None), **options))
    assert reasons(checkup) == everywhere("ok")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=lambda v: v.name)
async def test_a_server_that_misses_our_certificate_refuses_the_handshake(
    demanding: tuple[ssl.SSLContext, dict[str, str]], version: ssl.TLSVersion
) -> None:
    context, options = demanding
    context.maximum_version = version
    async with ScriptedServer(shaking_hands(context)) as server:
        checkup = await poll(with_tls(target_of(server, None), ca_file=options["ca_file"]))
    assert reasons(checkup) == everywhere(Reason.TLS_HANDSHAKE)
