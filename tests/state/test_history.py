from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.diagnosis.checkup import Checkup
from exporter.observation import Phase
from exporter.reasons import Failure, Reason
from exporter.state.history import HISTORY_ROUNDS, History
from exporter.targets import AccessPath, Route
from tests.support.checkups import REFUSED, make_checkup, make_details, make_target

TARGET = make_target()
SILENT = Failure(Reason.TIMEOUT, "no answer")
ROUNDS = {
    "a good one": make_checkup(TARGET, at=1.5),
    "the proxy refuses": make_checkup(TARGET, proxy=REFUSED, at=2.5),
    "nobody answers": make_checkup(TARGET, proxy=SILENT, direct=SILENT, at=3.5),
}


def slower(checkup: Checkup, seconds: float) -> Checkup:
    """The same round, which took longer to resolve the name."""
    route = Route(AccessPath.DIRECT)
    visit = checkup.visits[route]
    opened = replace(visit.connections[0], phases={**visit.connections[0].phases, Phase.RESOLVE: seconds})
    return replace(checkup, visits={**checkup.visits, route: replace(visit, connections=(opened,))})


@pytest.mark.parametrize("checkup", ROUNDS.values(), ids=ROUNDS)
def test_a_round_is_remembered_as_it_was_but_for_its_details(checkup: Checkup) -> None:
    history = History()
    history.append(replace(checkup, details=make_details(TARGET)))
    (past,) = history.latest_first()
    assert past.checkup() == checkup
    assert past.finished_at == checkup.finished_at


def test_rounds_that_differ_only_in_their_times_share_what_they_say() -> None:
    history = History()
    rounds = [slower(make_checkup(TARGET, at=float(number)), number / 10) for number in range(4)]
    for checkup in [*rounds, ROUNDS["the proxy refuses"]]:
        history.append(checkup)
    latest, *others = history.latest_first()
    assert len({id(past.saying) for past in others}) == 1
    assert latest.saying != others[0].saying
    assert [past.checkup() for past in reversed(others)] == rounds


def test_the_oldest_round_is_forgotten() -> None:
    history = History()
    for number in range(HISTORY_ROUNDS + 5):
        history.append(make_checkup(TARGET, at=float(number)))
    assert len(history) == HISTORY_ROUNDS
    assert [past.finished_at for past in history.latest_first()][-1] == 5.0
