"""Real certificates of every kind over real TLS: which reason each one has, and what its detail names."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from exporter.certificates import parse_chain
from exporter.client.chains import KnownIntermediates, Refusal, strict_objection
from exporter.client.client import Client
from exporter.diagnosis.checkup import Checkup
from exporter.observation import Connection
from exporter.operations import OPERATIONS
from exporter.operations.operation import Known
from exporter.reasons import Failure, Reason
from tests.support.issuing import (
    AUTHORITY,
    Form,
    Issued,
    ending_in_1949,
    issue,
    serving,
    signed_with_sha1,
    trusting,
    verification_error,
)
from tests.support.polling import DIRECT, PROXY, everywhere, poll, reasons, target_at, with_tls
from tests.support.servers import LOOPBACK, ScriptedServer, healthy

ROOT, INTERMEDIATE = "Test Root", "Test Intermediate"


@dataclass(frozen=True)
class Row:
    """A chain of leaf, intermediate and root, and what becomes of it. `sent` is how many of them the server sends."""

    name: str
    expected: Reason | None = None
    detail: str = ""
    leaf: Form = Form()  # noqa: RUF009 - it is immutable
    intermediate: Form = AUTHORITY
    root: Form = AUTHORITY
    sent: int = 2
    server_name: str = ""
    trusted: int = 2

    def chain(self) -> Sequence[Issued]:
        """The certificates, the server's own first."""
        root = issue(ROOT, form=self.root)
        intermediate = issue(INTERMEDIATE, root, self.intermediate)
        return issue("zone.example", intermediate, self.leaf), intermediate, root


_EXPIRED = -1.0
_OVER = replace(AUTHORITY, begins_in=-30.0, ends_in=_EXPIRED)
_CN_ONLY = Form(names=())
_WILDCARD = Form(names=("*.zone.example",))
ROWS = (
    Row("whole"),
    Row(
        "leaf expired",
        Reason.CERTIFICATE_EXPIRED,
        "certificate has expired",
        leaf=Form(begins_in=-30.0, ends_in=_EXPIRED),
    ),
    Row(
        "leaf and issuer expired",
        Reason.CERTIFICATE_EXPIRED,
        leaf=Form(begins_in=-30.0, ends_in=_EXPIRED),
        intermediate=_OVER,
    ),
    Row(
        "intermediate expired",
        Reason.CERTIFICATE_ISSUER_EXPIRED,
        f"the issuer {INTERMEDIATE} has expired",
        intermediate=_OVER,
    ),
    Row(
        "root expired",
        Reason.CERTIFICATE_ISSUER_EXPIRED,
        f"the issuer {ROOT}, of the trust store, has expired",
        root=_OVER,
    ),
    Row(
        "root expired, and sent",
        Reason.CERTIFICATE_ISSUER_EXPIRED,
        f"the issuer {ROOT} has expired",
        root=_OVER,
        sent=3,
    ),
    Row(
        "not yet valid",
        Reason.CERTIFICATE_NOT_YET_VALID,
        "but this machine's clock shows",
        leaf=Form(begins_in=2.0),
    ),
    Row(
        "issuer not yet valid",
        Reason.CERTIFICATE_NOT_YET_VALID,
        f"{INTERMEDIATE} is valid from",
        intermediate=replace(AUTHORITY, begins_in=2.0),
    ),
    Row(
        "intermediate not sent, its address named",
        Reason.CERTIFICATE_CHAIN_INCOMPLETE,
        f"the server does not send the intermediate {INTERMEDIATE}, which issued zone.example",
        leaf=Form(issuer_address=True),
        sent=1,
    ),
    Row(
        "intermediate not sent, its address not named",
        Reason.CERTIFICATE_UNTRUSTED,
        f"issuer {INTERMEDIATE} is not in the trust store",
        sent=1,
    ),
    Row(
        "root not trusted",
        Reason.CERTIFICATE_UNTRUSTED,
        f"issuer {ROOT} is not in the trust store",
        trusted=-1,
    ),
    Row(
        "root not trusted, and sent",
        Reason.CERTIFICATE_UNTRUSTED,
        f"issuer {ROOT} is not in the trust store",
        trusted=-1,
        sent=3,
    ),
    Row("intermediate trusted in place of a root", trusted=1, sent=1),
    Row(
        "common name only",
        Reason.CERTIFICATE_NAME_MISMATCH,
        "zone.example is its common name; it has no alternative names",
        leaf=_CN_ONLY,
        server_name="zone.example",
    ),
    Row("address among the alternative names", leaf=Form(names=(LOOPBACK,))),
    Row(
        "another address among the alternative names",
        Reason.CERTIFICATE_NAME_MISMATCH,
        LOOPBACK,
        leaf=Form(names=("192.0.2.1",)),
    ),
    Row("wildcard", leaf=_WILDCARD, server_name="node1.zone.example"),
    Row(
        "wildcard, two labels deep",
        Reason.CERTIFICATE_NAME_MISMATCH,
        "a.node1.zone.example",
        leaf=_WILDCARD,
        server_name="a.node1.zone.example",
    ),
    Row("ed25519", leaf=Form(key="ed25519"), intermediate=replace(AUTHORITY, key="ed25519")),
    Row("RSA with 4096 bits", leaf=Form(key="rsa4096")),
    Row("without authority key", leaf=Form(has_authority_key=False)),
    *(Row(f"{days} days", leaf=Form(begins_in=-1.0, ends_in=days - 1.0)) for days in (6, 45, 64, 90, 397)),
    Row("not after 9999", leaf=Form(ends_in=float("inf"))),
)


def shown(checkup: Checkup) -> Connection:
    """The connection that both paths showed."""
    found = [checkup.connection(route) for route in (PROXY, DIRECT)]
    assert found[0] is not None
    assert found[1] is not None
    assert found[0].chain == found[1].chain
    return found[0]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_a_certificate_has_its_reason_and_its_chain_is_shown(row: Row, tmp_path: Path) -> None:
    chain = row.chain()
    trusted = [chain[row.trusted]] if row.trusted >= 0 else [issue("Another Root", form=AUTHORITY)]
    async with ScriptedServer(healthy, serving(tmp_path, chain[: row.sent])) as server:
        target = target_at(f"https://{LOOPBACK}:{server.port}", ca_file=trusting(tmp_path, *trusted))
        checkup = await poll(with_tls(target, server_name=row.server_name))
    assert reasons(checkup) == everywhere(row.expected or "ok")
    failure = checkup.failure(PROXY)
    assert row.detail in (failure.detail if failure else "")
    connection = shown(checkup)
    assert [each.not_after for each in connection.chain] == [
        each.certificate.not_valid_after_utc.timestamp() for each in chain[: row.sent]
    ]
    assert {each.verified for each in connection.chain} == {row.expected is None}


# Made by hand, as no library makes them.
OLD: dict[str, tuple[Callable[[str, Issued], Issued], Reason, str]] = {
    "not after 1949": (ending_in_1949, Reason.CERTIFICATE_EXPIRED, "certificate has expired"),
    "SHA-1": (signed_with_sha1, Reason.CERTIFICATE_UNTRUSTED, "too weak"),
}


@pytest.mark.parametrize(("make", "reason", "detail"), OLD.values(), ids=OLD)
async def test_a_certificate_of_old_times_has_its_reason_and_is_shown(
    make: Callable[[str, Issued], Issued], reason: Reason, detail: str, tmp_path: Path
) -> None:
    root = issue("RSA Root", form=replace(AUTHORITY, key="rsa2048"))
    leaf = make("zone.example", root)
    async with ScriptedServer(healthy, serving(tmp_path, [leaf])) as server:
        target = target_at(f"https://{LOOPBACK}:{server.port}", ca_file=trusting(tmp_path, root))
        checkup = await poll(target)
    assert reasons(checkup) == everywhere(reason)
    failure = checkup.failure(PROXY)
    assert failure is not None
    assert detail in failure.detail
    certificate = shown(checkup).certificate
    assert certificate is not None
    assert certificate.not_after == leaf.certificate.not_valid_after_utc.timestamp()


async def test_an_intermediate_seen_elsewhere_is_known_to_be_missing(tmp_path: Path) -> None:
    chain = Row("").chain()
    file = trusting(tmp_path, chain[2])
    bugs: list[object] = []
    client = Client(lambda *bug: bugs.append(bug))
    async with (
        ScriptedServer(healthy, serving(tmp_path, chain[:1])) as incomplete,
        ScriptedServer(healthy, serving(tmp_path, chain[:2])) as whole,
    ):
        target = target_at(f"https://{LOOPBACK}:{incomplete.port}", ca_file=file)
        other = target_at(f"https://{LOOPBACK}:{whole.port}", ca_file=file)
        before = await client.poll(target, OPERATIONS, Known())
        await client.poll(other, OPERATIONS, Known())
        after = await client.poll(target, OPERATIONS, Known())
    await client.close()
    assert not bugs
    found = [visits[0].connections[0].failure for visits in (before, after)]
    assert [each and each.reason for each in found] == [
        Reason.CERTIFICATE_UNTRUSTED,
        Reason.CERTIFICATE_CHAIN_INCOMPLETE,
    ]


def test_a_clock_that_is_before_the_installation_is_wrong() -> None:
    chain = parse_chain([issue("zone.example").der], verified=False)
    early = Failure(Reason.CERTIFICATE_NOT_YET_VALID, "certificate is not yet valid")
    begins = chain[0].shown.not_before
    refusal = Refusal(9, chain, now=begins - 86_400, past=begins - 3600)
    assert refusal.explain(early, KnownIntermediates()).detail.endswith(
        "which is before the exporter was installed: set the clock"
    )
    refusal = replace(refusal, past=begins - 2 * 86_400)
    assert refusal.explain(early, KnownIntermediates()).detail.endswith("one of both is wrong")


_NO_KEY = replace(AUTHORITY, has_authority_key=False)
OBJECTIONS: dict[str, tuple[Row, str]] = {
    "nothing": (Row(""), ""),
    "leaf without authority key": (
        Row("", leaf=Form(has_authority_key=False)),
        "zone.example: it has no Authority Key Identifier",
    ),
    "intermediate without authority key": (
        Row("", intermediate=_NO_KEY),
        f"{INTERMEDIATE}: it has no Authority Key Identifier",
    ),
    "intermediate without subject key": (
        Row("", intermediate=replace(AUTHORITY, has_subject_key=False)),
        f"{INTERMEDIATE}: it has no Subject Key Identifier",
    ),
    "root without authority key": (Row("", root=_NO_KEY), ""),
    "root without key usage": (
        Row("", root=replace(AUTHORITY, has_key_usage=False)),
        f"{ROOT}: it has no Key Usage",
    ),
    "intermediate whose constraints are not critical": (
        Row("", intermediate=replace(AUTHORITY, is_critical=False)),
        f"{INTERMEDIATE}: its Basic Constraints are not critical",
    ),
}


@pytest.mark.parametrize(("row", "objection"), OBJECTIONS.values(), ids=OBJECTIONS)
def test_what_strict_verifiers_refuse_is_named_and_nothing_else(
    row: Row, objection: str, tmp_path: Path
) -> None:
    chain = row.chain()
    context, ca_file = serving(tmp_path, chain[:2]), trusting(tmp_path, chain[2])
    assert verification_error(context, ca_file, 0) == ""
    refused = verification_error(context, ca_file, ssl.VERIFY_X509_STRICT)
    found = strict_objection(parse_chain([each.der for each in chain], verified=True))
    assert found == objection
    assert bool(found) is bool(refused), refused


async def test_a_connection_shows_what_newer_verifiers_refuse_of_it(tmp_path: Path) -> None:
    chain = Row("", leaf=Form(has_authority_key=False)).chain()
    async with ScriptedServer(healthy, serving(tmp_path, chain[:2])) as server:
        target = target_at(f"https://{LOOPBACK}:{server.port}", ca_file=trusting(tmp_path, chain[2]))
        checkup = await poll(target)
        unverified = await poll(with_tls(target, insecure_skip_verify=True))
    assert shown(checkup).strict_objection == "zone.example: it has no Authority Key Identifier"
    assert shown(unverified).strict_objection == ""
