from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from exporter.client.credential_provider import CredentialProvider
from exporter.client.rejections import Rejections
from exporter.credentials import Auth, AuthMethod, Secret, Verdict, headers, judge
from exporter.reasons import Failure, Reason
from exporter.targets import AccessPath, Route, Schedule, Target
from tests.support.checkups import make_target

TOKEN, PASSPHRASE = AuthMethod.TOKEN, AuthMethod.PASSPHRASE
REFUSED = Failure(Reason.UNAUTHORIZED, "HTTP 401", "unauthorized", "badBasicCredentials")
NOT_VERIFIED = Failure(Reason.UNAUTHORIZED, "HTTP 401", "unauthorized")
PROXY, DIRECT = Route(AccessPath.PROXY), Route(AccessPath.DIRECT)
BOTH = frozenset(AccessPath)


@pytest.mark.parametrize(
    ("failure", "token", "passphrase"),
    [
        (None, Verdict.ACCEPTED, Verdict.ACCEPTED),
        (REFUSED, Verdict.REJECTED, Verdict.REJECTED),
        (NOT_VERIFIED, Verdict.UNVERIFIABLE, Verdict.UNVERIFIABLE),
        (Failure(Reason.UNAUTHORIZED, "HTTP 401 with text/html"), Verdict.UNVERIFIABLE, Verdict.UNVERIFIABLE),
        (Failure(Reason.WORKER_UNREACHABLE), Verdict.ACCEPTED, Verdict.ACCEPTED),
        (Failure(Reason.FORBIDDEN, "", "forbidden"), Verdict.FORBIDDEN, Verdict.FORBIDDEN),
        (
            Failure(Reason.SERVICE_UNAVAILABLE, "", "serviceUnavailable"),
            Verdict.UNVERIFIABLE,
            Verdict.NOTHING,
        ),
        (Failure(Reason.CLIENT_ERROR, "", "noServiceNodes"), Verdict.UNVERIFIABLE, Verdict.NOTHING),
        (Failure(Reason.TEMPORARY_FAILURE, "", "errorOnNodes"), Verdict.ACCEPTED, Verdict.ACCEPTED),
        (Failure(Reason.NOT_FOUND, "", "notFound"), Verdict.ACCEPTED, Verdict.ACCEPTED),
        (Failure(Reason.NOT_FOUND), Verdict.NOTHING, Verdict.NOTHING),
        (Failure(Reason.PROXY_UPSTREAM), Verdict.NOTHING, Verdict.NOTHING),
        (Failure(Reason.TIMEOUT), Verdict.NOTHING, Verdict.NOTHING),
    ],
)
def test_each_answer_has_a_verdict_on_the_credential(
    failure: Failure | None, token: Verdict, passphrase: Verdict
) -> None:
    assert judge(TOKEN, failure) is token
    assert judge(PASSPHRASE, failure) is passphrase


def test_the_headers_are_those_that_onepanel_reads() -> None:
    assert headers(TOKEN, "abc") == {"X-Auth-Token": "abc"}
    assert headers(PASSPHRASE, "zażółć") == {"Authorization": "Basic b25lcGFuZWw6emHFvMOzxYLEhw=="}


def test_secrets_are_not_shown() -> None:
    auth = Auth(Secret("canary-7"), Secret(value="canary-7"))
    assert "canary-7" not in f"{auth!r} {auth}"


def provider_of(token: str = "t", passphrase: str = "p") -> CredentialProvider:
    return CredentialProvider(make_target(auth=Auth(Secret(token), Secret(passphrase))), Rejections())


def provider_of_file(file: Path) -> CredentialProvider:
    return CredentialProvider(make_target(auth=Auth(token=Secret(file=str(file)))), Rejections())


async def test_the_token_goes_first_and_a_refused_one_is_set_aside() -> None:
    provider = provider_of()
    await provider.begin()
    assert await provider.usable() == [TOKEN, PASSPHRASE]
    provider.note(TOKEN, Verdict.REJECTED, REFUSED)
    provider.note(PASSPHRASE, Verdict.ACCEPTED, None)
    assert await provider.usable() == [PASSPHRASE]
    assert provider.accepted == {TOKEN: False, PASSPHRASE: True}


async def test_a_token_that_cannot_be_verified_is_neither_accepted_nor_rejected() -> None:
    provider = provider_of()
    assert await provider.usable() == [TOKEN, PASSPHRASE]
    failure = Failure(Reason.SERVICE_UNAVAILABLE, "HTTP 503", "serviceUnavailable")
    provider.note(TOKEN, Verdict.UNVERIFIABLE, failure)
    assert await provider.usable() == [PASSPHRASE]
    assert provider.accepted == {}
    assert provider.failure_of() is failure


@pytest.mark.parametrize(
    ("passphrase", "paths", "up", "usable"),
    [
        (Verdict.ACCEPTED, BOTH, [DIRECT], [PASSPHRASE]),
        (Verdict.ACCEPTED, BOTH, [PROXY, DIRECT], [TOKEN, PASSPHRASE]),
        # Where the proxy path need not work, it does not tell whether the worker is back.
        (Verdict.ACCEPTED, frozenset({AccessPath.DIRECT}), [DIRECT], [TOKEN, PASSPHRASE]),
        (Verdict.REJECTED, BOTH, [DIRECT], [TOKEN]),
        (Verdict.NOTHING, BOTH, [DIRECT], [TOKEN, PASSPHRASE]),
    ],
)
async def test_a_working_passphrase_is_remembered_while_no_worker_verifies_tokens(
    passphrase: Verdict, paths: frozenset[AccessPath], up: list[Route], usable: list[AuthMethod]
) -> None:
    auth = Auth(Secret("t"), Secret("p"))
    provider = CredentialProvider(make_target(auth=auth, expected_paths=paths), Rejections())
    await provider.begin([PROXY, DIRECT])
    provider.note(TOKEN, Verdict.ACCEPTED, None)
    provider.note(TOKEN, Verdict.UNVERIFIABLE, Failure(Reason.SERVICE_UNAVAILABLE, "", "serviceUnavailable"))
    provider.note(PASSPHRASE, passphrase, REFUSED if passphrase is Verdict.REJECTED else None)
    assert TOKEN not in await provider.usable()
    await provider.begin(up)
    assert await provider.usable() == usable


async def test_a_passphrase_that_cannot_be_verified_is_tried_again_in_the_next_round() -> None:
    provider = CredentialProvider(make_target(auth=Auth(passphrase=Secret("p"))), Rejections())
    for _round in range(3):
        await provider.begin([PROXY, DIRECT])
        assert await provider.usable() == [PASSPHRASE]
        provider.note(PASSPHRASE, judge(PASSPHRASE, NOT_VERIFIED), NOT_VERIFIED)
        assert provider.accepted == {}


@pytest.mark.parametrize(
    ("verdicts", "accepted"),
    [
        ([Verdict.ACCEPTED, Verdict.REJECTED], False),
        ([Verdict.REJECTED, Verdict.ACCEPTED], False),
        ([Verdict.FORBIDDEN, Verdict.ACCEPTED], True),
        ([Verdict.ACCEPTED, Verdict.FORBIDDEN], True),
        ([Verdict.ACCEPTED, Verdict.UNVERIFIABLE], True),
    ],
)
async def test_a_credential_has_one_verdict_in_a_round_and_rejected_wins(
    verdicts: list[Verdict], accepted: object
) -> None:
    provider = provider_of()
    await provider.begin()
    for verdict in verdicts:
        provider.note(PASSPHRASE, verdict, REFUSED if verdict is Verdict.REJECTED else None)
    assert provider.accepted == {PASSPHRASE: accepted}
    await provider.begin()
    provider.note(TOKEN, Verdict.ACCEPTED, None)
    assert provider.accepted[TOKEN] is True


async def test_a_token_on_its_own_is_tried_in_every_round() -> None:
    provider = CredentialProvider(make_target(auth=Auth(Secret("t"))), Rejections())
    for up in ([PROXY, DIRECT], [DIRECT], [DIRECT]):
        await provider.begin(up)
        assert await provider.usable() == [TOKEN]
        provider.note(TOKEN, Verdict.UNVERIFIABLE, Failure(Reason.SERVICE_UNAVAILABLE))


async def test_a_rejected_credential_stays_rejected_while_it_is_set_aside_and_an_unverifiable_one_is_tried_again() -> (
    None
):
    provider = provider_of()
    assert await provider.usable() == [TOKEN, PASSPHRASE]
    provider.note(TOKEN, Verdict.UNVERIFIABLE, Failure(Reason.SERVICE_UNAVAILABLE, "", "serviceUnavailable"))
    provider.note(PASSPHRASE, Verdict.REJECTED, REFUSED)
    assert await provider.usable() == []
    await provider.begin()
    assert await provider.usable() == [TOKEN]
    assert provider.accepted == {PASSPHRASE: False}


async def providers_of(
    target: Target, other: Target, rejections: Rejections
) -> tuple[CredentialProvider, CredentialProvider]:
    """Two clients that may send the same credentials, both amid a round."""
    providers = CredentialProvider(target, rejections), CredentialProvider(other, rejections)
    for provider in providers:
        await provider.begin()
        assert await provider.usable() == [TOKEN]
    return providers


TARGET = make_target(auth=Auth(token=Secret("canary-7")))


@pytest.mark.parametrize(
    ("other", "usable"),
    [
        (TARGET, []),
        (replace(TARGET, name="other", labels=(("owner", "ops"),), schedule=Schedule(1.0)), []),
        (replace(TARGET, auth=Auth(token=Secret("canary-8"))), [TOKEN]),
        (replace(TARGET, auth=Auth(passphrase=Secret("canary-7"))), [PASSPHRASE]),
        (replace(TARGET, direct_url="https://other.example:9443"), [TOKEN]),
        (replace(TARGET, proxy_url="https://other.example"), [TOKEN]),
    ],
)
async def test_a_credential_rejected_for_one_client_is_not_sent_by_another(
    other: Target, usable: list[AuthMethod]
) -> None:
    rejections = Rejections()
    provider, _ = await providers_of(TARGET, TARGET, rejections)
    provider.note(TOKEN, Verdict.REJECTED, REFUSED)
    provider = CredentialProvider(other, rejections)
    await provider.begin()
    assert provider.accepted == ({} if usable else {TOKEN: False})
    assert await provider.usable() == usable
    if not usable:
        assert provider.failure_of() is REFUSED


async def test_two_rounds_at_once_learn_from_one_another() -> None:
    one, other = await providers_of(TARGET, TARGET, Rejections())
    one.note(TOKEN, Verdict.REJECTED, REFUSED)
    assert await other.usable() == []
    assert other.accepted == {TOKEN: False}


async def test_a_rejected_credential_is_sent_again_after_a_minute_and_its_record_dropped() -> None:
    now = 0.0
    rejections = Rejections(lambda: now)
    provider, _ = await providers_of(TARGET, TARGET, rejections)
    provider.note(TOKEN, Verdict.REJECTED, REFUSED)
    now = 59.0
    await provider.begin()
    assert (await provider.usable(), provider.accepted) == ([], {TOKEN: False})
    now = 60.0
    await provider.begin()
    assert (await provider.usable(), provider.accepted) == ([TOKEN], {})
    for number in range(1000):
        now += 1.0
        rejections.note(rejections.credential(TARGET, TOKEN, f"secret-{number}"), REFUSED)
    assert len(rejections._found) <= 60


def test_the_record_of_a_rejected_secret_does_not_expose_it() -> None:
    rejections, others = Rejections(), Rejections()
    credential = rejections.credential(TARGET, TOKEN, "canary-7")
    rejections.note(credential, REFUSED)
    assert "canary-7" not in f"{rejections!r} {vars(rejections)} {credential!r}"
    assert others.credential(TARGET, TOKEN, "canary-7") != credential


async def test_the_same_secret_in_a_new_file_is_no_new_secret(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("old")
    provider = provider_of_file(file)
    assert await provider.usable() == [TOKEN]
    provider.note(TOKEN, Verdict.REJECTED, REFUSED)
    file.unlink()
    assert await provider.usable() == []
    file.write_text("old\n")
    assert await provider.usable() == []


async def test_one_operation_that_is_not_allowed_does_not_make_the_credential_rejected() -> None:
    provider = provider_of()
    provider.note(TOKEN, Verdict.ACCEPTED, None)
    provider.note(TOKEN, Verdict.FORBIDDEN, Failure(Reason.FORBIDDEN))
    assert provider.accepted == {TOKEN: True}
    assert await provider.usable() == [TOKEN, PASSPHRASE]


async def test_a_file_is_read_again_when_it_changes_and_a_new_secret_gets_its_chance(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("old\n")
    provider = provider_of_file(file)
    assert await provider.usable() == [TOKEN]
    assert provider.headers(TOKEN) == {"X-Auth-Token": "old"}
    provider.note(TOKEN, Verdict.REJECTED, REFUSED)
    assert await provider.usable() == []
    replacement = tmp_path / "new"
    replacement.write_text("new\n")
    replacement.replace(file)
    assert await provider.usable() == [TOKEN]
    assert provider.headers(TOKEN) == {"X-Auth-Token": "new"}


@pytest.mark.parametrize("content", [b"", b" \n", b"a\nb", b"\xff", b"x" * 100_000, None])
async def test_a_file_that_holds_no_secret_is_refused_with_its_name(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    provider = provider_of_file(file)
    assert await provider.usable() == []
    assert str(file) in provider.failure_of().detail
    file.write_text("good")
    assert await provider.usable() == [TOKEN]
