from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from exporter.diagnosis.checkup import Checkup
from exporter.reasons import Failure, Reason
from exporter.report.summary import summarize
from exporter.state.history import HISTORY_ROUNDS, past_round
from exporter.targets import AccessPath
from tests.state.test_store import store_of
from tests.support.checkups import REFUSED, make_checkup, make_details, make_target

TARGET = make_target()
SILENT = Failure(Reason.TIMEOUT, "no answer")
ROUNDS = {
    "a good one": make_checkup(TARGET, at=1.5),
    "the proxy refuses": make_checkup(TARGET, proxy=REFUSED, at=2.5),
    "both paths are silent": make_checkup(TARGET, proxy=SILENT, direct=SILENT, at=3.5),
}


@pytest.mark.parametrize("checkup", ROUNDS.values(), ids=ROUNDS)
def test_a_past_round_has_the_values_that_the_summary_of_the_round_had(checkup: Checkup) -> None:
    summary, past = summarize(replace(checkup, details=make_details(TARGET))), past_round(checkup)
    assert (past.finished_at, past.duration_seconds) == (summary.finished_at, summary.duration_seconds)
    assert past.diagnosis is summary.diagnosis
    for node, before in zip(past.nodes, summary.nodes, strict=True):
        assert (node.node, node.diagnosis) == (before.node, before.diagnosis)
        for path, whole in ((AccessPath.PROXY, before.proxy), (AccessPath.DIRECT, before.direct)):
            assert asdict(node.path(path)).items() <= asdict(whole).items()


def test_the_oldest_round_is_dropped() -> None:
    store = store_of("a")
    (state,) = store.states
    for number in range(HISTORY_ROUNDS + 5):
        store.record(make_checkup(state.target, at=float(number)), float(number))
    assert [past.finished_at for past in state.history] == [
        float(number) for number in range(5, HISTORY_ROUNDS + 5)
    ]
