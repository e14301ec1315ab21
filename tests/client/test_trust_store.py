"""The system's trust store changes while the exporter runs: `SSL_CERT_FILE` and `SSL_CERT_DIR` stand for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from exporter.client.client import Client
from exporter.operations import OPERATIONS
from exporter.operations.operation import Known
from exporter.reasons import Reason
from tests.support.commands import succeed
from tests.support.issuing import AUTHORITY, Issued, issue, serving
from tests.support.polling import target_at
from tests.support.servers import LOOPBACK, ScriptedServer, healthy
from tests.support.waiting import eventually

Ask = Callable[[], Awaitable[str]]


@pytest.fixture(scope="module")
def root() -> Issued:
    return issue("Late Root", form=AUTHORITY)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    bugs: list[object] = []
    client = Client(lambda *bug: bugs.append(bug))
    yield client
    await client.close()
    assert not bugs


@pytest.fixture
async def ask(client: Client, root: Issued, tmp_path: Path) -> AsyncIterator[Ask]:
    """Polls a server whose root is not trusted at first; gives the failure of its certificate, or "ok"."""
    async with ScriptedServer(healthy, serving(tmp_path, [issue("zone.example", root)])) as server:
        target = target_at(f"https://{LOOPBACK}:{server.port}")

        async def ask() -> str:
            visits = await client.poll(target, OPERATIONS, Known())
            failures = {str(seen.failure or "ok") for visit in visits for seen in visit.observations}
            assert len(failures) == 1
            return failures.pop()

        yield ask


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system's trust store with a file and a folder, in which another root is trusted."""
    folder = tmp_path / "store" / "certs"
    folder.mkdir(parents=True)
    file = folder.parent / "bundle.pem"
    file.write_bytes(issue("Early Root", form=AUTHORITY).pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))
    return file


_MISSING = f"{Reason.CERTIFICATE_UNTRUSTED}: issuer Late Root is not in the trust store"


async def test_a_root_that_is_added_to_the_file_is_trusted_and_one_that_is_removed_is_not(
    ask: Ask, store: Path, root: Issued
) -> None:
    before = store.read_bytes()
    assert await ask() == _MISSING
    store.write_bytes(before + root.pem)
    assert await eventually(ask, lambda seen: seen == "ok")
    store.write_bytes(before)
    assert await eventually(ask, lambda seen: seen == _MISSING)


async def test_a_root_that_is_added_to_the_folder_is_trusted(
    ask: Ask, store: Path, root: Issued, tmp_path: Path
) -> None:
    assert await ask() == _MISSING
    pem = tmp_path / "root.pem"
    pem.write_bytes(root.pem)
    named = succeed("openssl", "x509", "-noout", "-subject_hash", "-in", pem)
    pem.rename(store.parent / "certs" / f"{named.strip()}.0")
    assert await eventually(ask, lambda seen: seen == "ok")


async def test_a_reload_reads_the_store_also_if_its_files_seem_unchanged(
    ask: Ask, store: Path, root: Issued, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await ask() == _MISSING
    monkeypatch.setattr("exporter.client.tls.file_version", lambda _file: (1,))
    client.reread_trust()
    assert await ask() == _MISSING
    store.write_bytes(store.read_bytes() + root.pem)
    assert await ask() == _MISSING
    client.reread_trust()
    assert await ask() == "ok"
