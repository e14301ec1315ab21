from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from exporter.client.client import Client
from exporter.operations import TIMED_OPERATIONS
from exporter.polling.poller import Poller
from exporter.polling.rounds import Rounds
from exporter.state.incidents import Incidents
from exporter.state.store import Store
from tests.support.checkups import make_checkup, make_details, make_target


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    client = Client(lambda *_bug: None)
    yield client
    await client.close()


async def test_findings_of_the_details_are_known_until_the_next_round_has_none(client: Client) -> None:
    target, store = make_target(), Store(TIMED_OPERATIONS, (1.0,))
    store.set_targets([target])
    (state,) = store.states
    poller = Poller(store, Incidents(), Rounds(client))
    seen = []
    for details in (None, make_details(target), None):
        poller.record(state, make_checkup(target))
        if details:
            poller.record_details(state, details)
        seen.append(state.has_findings)
    assert seen == [False, True, False]
