"""A renewal while a target is polled: a note in its history, and no incident for the restart of the listeners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from exporter.client.client import Client
from exporter.diagnosis.conclusion import conclude
from exporter.observation import Certificate
from exporter.operations import TIMED_OPERATIONS
from exporter.polling.poller import Poller
from exporter.polling.rounds import Rounds
from exporter.state.incidents import Incidents
from exporter.state.store import Store
from exporter.targets import AccessPath
from tests.support.checkups import CERTIFICATE, failed_visit, good_visit, make_target

OLD = replace(CERTIFICATE, fingerprint_sha256="01" * 32)
NEW = replace(CERTIFICATE, not_after=CERTIFICATE.not_after + 86_400, fingerprint_sha256="02" * 32)
_START = 1_795_000_000.0
NOTE = "certificate renewed (valid until 2027-01-16 08:00:00 UTC, SHA-256 0202020202020202…)"
# What a path is served in a round; None: it refuses connections.
Pair = tuple[Certificate | None, Certificate | None]


@dataclass
class Seen:
    """What is left of some rounds."""

    notes: list[str]
    incidents: list[str]
    store: Store


async def after(rounds: Sequence[Pair], every: float = 15.0) -> Seen:
    """Record these rounds of a target as the poller does: of the proxy path, and of the direct one."""
    target = make_target()
    store, incidents = Store(TIMED_OPERATIONS, (1.0,)), Incidents()
    store.set_targets([target])
    (state,) = store.states
    client = Client(lambda *_bug: None)
    poller = Poller(store, incidents, Rounds(client))
    await client.close()
    for number, pair in enumerate(rounds):
        served = dict(zip(AccessPath, pair, strict=True))
        visits = [
            good_visit(route, certificate=certificate) if certificate else failed_visit(route)
            for route in target.routes
            for certificate in (served[route.path],)
        ]
        at = _START + every * number
        poller.record(state, conclude(target, visits, at, 0.1, before=state.checkup))
    return Seen(
        [each.text for each in state.events.latest_first()],
        [each.after for each in incidents.latest_first()],
        store,
    )


BOTH_OLD, BOTH_NEW, NEITHER = (OLD, OLD), (NEW, NEW), (None, None)
STORIES: dict[str, tuple[Sequence[Pair], list[str], list[str]]] = {
    "renewed without a gap": ([BOTH_OLD, BOTH_NEW, BOTH_NEW], [NOTE], []),
    "renewed with a restart of both listeners": (
        [BOTH_OLD, NEITHER, BOTH_NEW],
        [f"{NOTE}; the listeners restarted within 15 s"],
        [],
    ),
    "one listener after the other": (
        [BOTH_OLD, (None, OLD), (NEW, OLD), (NEW, None), BOTH_NEW],
        [f"{NOTE}; the listeners restarted within 45 s"],
        [],
    ),
    "both diagnoses of one restart": (
        [BOTH_OLD, (None, OLD), NEITHER, BOTH_NEW],
        [f"{NOTE}; the listeners restarted within 30 s"],
        [],
    ),
    "down without a renewal": ([BOTH_OLD, NEITHER, BOTH_OLD], [], ["unreachable"]),
    "down for long, then renewed": ([BOTH_OLD, *[NEITHER] * 20, BOTH_NEW], [NOTE], ["unreachable"]),
    "renewed over one path only": ([BOTH_OLD, (NEW, OLD), (NEW, OLD)], [], []),
    "the first certificate": ([BOTH_NEW, BOTH_NEW], [], []),
    "two that alternate": ([BOTH_OLD, BOTH_NEW, BOTH_OLD, BOTH_NEW], [NOTE], []),
}


@pytest.mark.parametrize(("rounds", "notes", "incidents"), STORIES.values(), ids=STORIES)
async def test_a_renewal_is_noted_and_its_restart_is_no_incident(
    rounds: Sequence[Pair], notes: list[str], incidents: list[str]
) -> None:
    seen = await after(rounds)
    assert seen.notes == notes
    assert seen.incidents == incidents


async def test_a_restart_that_takes_one_long_interval_is_no_incident_either() -> None:
    assert not (await after([BOTH_OLD, NEITHER, BOTH_NEW], every=25.0)).incidents
