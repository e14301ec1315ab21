"""A request is sent once and counted once: what the exporter counts is what servers in processes of their own read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from exporter.client.at_most_once import AtMostOnceRequest, ChangeOutcome
from exporter.client.client import Client
from exporter.credentials import AuthMethod
from exporter.diagnosis.conclusion import conclude
from exporter.diagnosis.symptoms import Symptom
from exporter.operations import OPERATIONS, TIMED_OPERATIONS
from exporter.operations.operation import API_ROOT, Known, Request
from exporter.operations.outcome import ROUND_ENDED
from exporter.operations.users import read_done
from exporter.polling.poller import Poller
from exporter.polling.rounds import Rounds
from exporter.polling.scheduler import ROUNDS, Scheduler
from exporter.polling.slots import Slots
from exporter.reasons import Reason
from exporter.state.counters import RouteCounters
from exporter.state.incidents import Incidents
from exporter.state.store import Store
from exporter.targets import AccessPath, Schedule, Target
from tests.support.polling import DIRECT, PROXY, poll, reasons, target_at
from tests.support.raw_server import RawServers, lossy_modes
from tests.support.servers import LOOPBACK, closed_port
from tests.support.waiting import eventually

_ROUNDS = 6


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The certificate of a server, its key, and the authority's."""
    folder, issuer = tmp_path_factory.mktemp("raw"), trustme.CA()
    issued = issuer.issue_cert(LOOPBACK)
    names = {name: folder / f"{name}.pem" for name in ("chain", "key", "ca")}
    for pem in issued.cert_chain_pems:
        pem.write_to_path(names["chain"], append=True)
    issued.private_key_pem.write_to_path(names["key"])
    issuer.cert_pem.write_to_path(names["ca"])
    return names


async def counted(targets: Iterator[Target]) -> tuple[RouteCounters, Counter[str]]:
    """Poll targets one after another: what is counted over the proxy path, and how often each diagnosis came."""
    counters = RouteCounters()
    diagnoses: Counter[str] = Counter()
    client = Client(lambda where, error: pytest.fail(f"{where}: {error!r}"))
    try:
        for target in targets:
            visits = await client.poll(target, OPERATIONS, Known())
            for visit in visits:
                if visit.route == PROXY:
                    counters.add(visit)
            diagnoses[conclude(target, visits, 0.0, 0.0).worst] += 1
    finally:
        await client.close()
    return counters, diagnoses


@pytest.mark.parametrize(
    ("mode", "tls"),
    [
        *((mode, False) for mode in ("nothing is lost", *lossy_modes())),
        *(
            (mode, True)
            for mode in ("nothing is lost", "reset before the answer", "a kept connection is closed")
        ),
    ],
)
async def test_every_request_that_a_server_has_read_is_counted_once(
    mode: str, *, tls: bool, files: dict[str, Path]
) -> None:
    own = {"chain": files["chain"], "key": files["key"]} if tls else {}
    async with RawServers(mode, "nothing is lost", **own) as servers:
        proxy, direct = (f"{'https' if tls else 'http'}://{LOOPBACK}:{port}" for port in servers.ports)
        target = target_at(proxy, direct, files["ca"], timeout=1.5)
        counters, diagnoses = await counted(target for _ in range(_ROUNDS))
    assert [counters.requests.total(), 2 * _ROUNDS] == servers.requests
    lost = 0 if mode in {"nothing is lost", "closed after each answer"} else _ROUNDS
    assert counters.failures.total() == lost
    if mode in {"nothing is lost", "closed after each answer", "a kept connection is closed"}:
        assert diagnoses == {"ok": _ROUNDS}
    elif mode != "silence":
        assert diagnoses == {"proxy_broken": _ROUNDS}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "POST"])
async def test_a_change_that_is_lost_is_not_sent_again(method: str) -> None:
    """The question before it goes over a connection that is answered, the change over one that is reset."""
    async with RawServers("the second connection is reset") as servers:
        target = target_at(f"http://{LOOPBACK}:{servers.ports[0]}")
        client = Client(lambda where, error: pytest.fail(f"{where}: {error!r}"))
        change = Request(f"{API_ROOT}/zone/users/u1", read_done, method=method, body={"newPassword": "x"})
        shown = {AuthMethod.TOKEN: {"X-Auth-Token": "t"}, AuthMethod.PASSPHRASE: {}}
        try:
            _reply, steps = await AtMostOnceRequest(client, target, [PROXY, DIRECT], shown).run(change)
        finally:
            await client.close()
    assert [step.outcome for step in steps] == [ChangeOutcome.UNKNOWN]
    assert [step.failure.reason for step in steps if step.failure] == [Reason.CONNECTION_LOST]
    assert servers.requests == [2]


async def test_a_connection_that_the_server_has_closed_while_idle_is_not_used() -> None:
    async with RawServers("closed after each answer") as servers:
        target = target_at(f"http://{LOOPBACK}:{servers.ports[0]}")
        counters, diagnoses = await counted(target for _ in range(20))
    assert counters.failures == {}
    assert counters.requests.total() == 40
    assert servers.requests == [80]  # over both paths
    assert diagnoses == {"ok": 20}


async def test_the_second_operation_does_not_wait_for_a_silent_first_one() -> None:
    async with RawServers("silence") as servers:
        target = target_at(f"http://{LOOPBACK}:{servers.ports[0]}", timeout=1.5)
        target = replace(target, direct_url=f"http://{LOOPBACK}:{closed_port()}")
        checkup = await poll(target)
    assert reasons(checkup)[AccessPath.PROXY] == {"configuration": "timeout", "health": "ok"}
    assert checkup.onepanel_answered(PROXY)
    assert checkup.symptom(PROXY) is Symptom.HANGING
    assert checkup.seconds < target.schedule.timeout + 1.0


async def test_rounds_that_are_cut_for_others_or_cancelled_are_counted_as_the_servers_have_read_them() -> (
    None
):
    """Two silent targets fill the slots, so that the second is cut for the third, and begins again."""
    names = ("first", "second", "third")
    async with RawServers(*("silence",) * len(names)) as servers:
        targets = [
            replace(
                target_at(f"http://{LOOPBACK}:{port}", timeout=1.5),
                name=name,
                schedule=Schedule(interval=60.0, timeout=1.5, details_interval=60.0),
            )
            for name, port in zip(names, servers.ports, strict=True)
        ]
        store = Store(TIMED_OPERATIONS, [1.0])
        store.set_targets(targets)
        bugs: list[tuple[str, BaseException]] = []
        client = Client(lambda *bug: bugs.append(bug), count_cancelled=store.count_sent)
        began: Counter[str] = Counter()
        poller = Poller(store, Incidents(), Rounds(client))

        async def poll(target: Target) -> None:
            began[target.name] += 1
            await poller.poll(target)

        scheduler = Scheduler(poll, ROUNDS, Slots(4), poller.skipped, lambda *bug: bugs.append(bug))
        scheduler.set_targets(targets)
        await eventually(lambda: _now(began), lambda seen: seen["second"] == 2)
        await scheduler.stop()
        await client.close()
        counted = [
            sum(each.requests.total() for each in state.counters_by_route.values()) for state in store.states
        ]
        await servers.until(sum(counted))
    assert bugs == []
    assert counted == servers.requests
    assert min(counted) > 0


async def _now(value: Counter[str]) -> Counter[str]:
    return value


async def test_a_request_that_the_round_cuts_short_is_neither_a_success_nor_a_failure() -> None:
    async with RawServers("silence") as servers:
        # Its first connection is the silent one.
        silent, refusing = (f"http://{LOOPBACK}:{port}" for port in (servers.ports[0], closed_port()))
        target = target_at(silent, refusing, timeout=10.0)
        client = Client(lambda where, error: pytest.fail(f"{where}: {error!r}"))
        try:
            (visit, _direct) = await client.poll(target, OPERATIONS, Known(), seconds=1.5)
        finally:
            await client.close()
    configuration, health = visit.observations
    assert configuration.outcome is ROUND_ENDED
    counters = RouteCounters()
    counters.add(visit)
    assert counters.failures == {}
    assert (counters.requests["configuration"], health.failure) == (1, None)
