"""Any history of adding, removing, reloading, failing and recovering leaves a page without a wrong series.

A series is wrong when it is about a target that is not configured, is there twice, or is a counter that
goes backwards while its target stays.
"""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import replace
from itertools import chain

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from prometheus_client.openmetrics.parser import text_string_to_metric_families as untyped_parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_classic

from exporter.diagnosis.checkup import Checkup
from exporter.exposition.page import Exposition
from exporter.exposition.table import ALL_METRICS
from exporter.exposition.text_format import TextFormat
from exporter.exposition.views import ExporterView
from exporter.metrics import MetricType
from exporter.operations import TIMED_OPERATIONS
from exporter.reasons import Failure, Reason
from exporter.state.store import Store
from exporter.targets import Node, Target
from tests.support.checkups import make_checkup, make_details, make_target

_OWN = frozenset(metric.name for metric in ALL_METRICS)
_ONLY_GROWING = frozenset(
    metric.name
    for metric in ALL_METRICS
    if metric.type in {MetricType.COUNTER, MetricType.HISTOGRAM, MetricType.SUMMARY}
)
_NAMES = ("a", "%s{target}", 'c"\\\n')
_PLACES = ("https://here.example", "https://there.example")
_LABELS = ((), (("site", "cracow"),), (("site", "kyoto"),))
_NODES = ((), (Node("n1", "10.0.0.1"),), (Node("n1", "10.0.0.1"), Node("n2", "10.0.0.2")))

Series = tuple[str, frozenset[tuple[str, str]]]

targets = st.builds(
    lambda name, place, labels, nodes: replace(
        make_target(name, labels=labels, nodes=nodes), url=place, proxy_url=place
    ),
    st.sampled_from(_NAMES),
    st.sampled_from(_PLACES),
    st.sampled_from(_LABELS),
    st.sampled_from(_NODES),
)
configurations = st.lists(targets, max_size=3, unique_by=lambda target: target.name)
failures = st.none() | st.sampled_from(list(Reason)).map(lambda reason: Failure(reason, 'said "no"\n'))


def _grows(name: str) -> bool:
    """Whether a series of this name may only grow."""
    stems = (name, name.removesuffix("_bucket"), name.removesuffix("_count"), name.removesuffix("_sum"))
    return not _ONLY_GROWING.isdisjoint(stems)


class History(RuleBasedStateMachine):
    """A store and its pages over time, beside what is known of both."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Store(TIMED_OPERATIONS, (0.01, 0.1, 1.0))
        self.now = 1000.0
        self.exposition = self.new_exposition()
        self.runner = asyncio.Runner()
        self.configured: dict[str, Target] = {}
        self.old_checkups: list[Checkup] = []
        self.counted: dict[Series, float] = {}

    def new_exposition(self) -> Exposition:
        view = ExporterView(self.store, "1.2.3", "abc", "3.11", reload_successful=True, reloaded_at=0.0)
        return Exposition(lambda: view, lambda: self.now, lambda: self.now)

    def teardown(self) -> None:
        self.runner.close()

    @initialize(wanted=configurations)
    def start(self, wanted: list[Target]) -> None:
        self.reload(wanted)

    @rule(wanted=configurations)
    def reload(self, wanted: list[Target]) -> None:
        """Add, remove and change targets; those with other addresses begin with an empty history."""
        kept = {
            target.name
            for target in wanted
            if target.name in self.configured and target.leads_where(self.configured[target.name])
        }
        self.configured = {target.name: target for target in wanted}
        self.counted = {
            series: value for series, value in self.counted.items() if dict(series[1])["target"] in kept
        }
        self.store.set_targets(wanted)

    @precondition(lambda self: self.configured)
    @rule(data=st.data(), proxy=failures, direct=failures)
    def finish_a_round(self, data: st.DataObject, proxy: Failure | None, direct: Failure | None) -> None:
        target = data.draw(st.sampled_from(list(self.configured.values())))
        checkup = make_checkup(target, proxy, direct, at=self.now)
        self.old_checkups.append(checkup)
        self.store.record(checkup, self.now)

    @precondition(lambda self: self.old_checkups)
    @rule(data=st.data())
    def finish_a_round_of_a_time_gone_by(self, data: st.DataObject) -> None:
        """A round that began under an older configuration."""
        self.store.record(data.draw(st.sampled_from(self.old_checkups)), self.now)

    @precondition(lambda self: self.configured)
    @rule(data=st.data())
    def finish_details(self, data: st.DataObject) -> None:
        target = data.draw(st.sampled_from(list(self.configured.values())))
        self.store.record_details(target, make_details(target), self.now)

    @rule(name=st.sampled_from(_NAMES))
    def skip_a_round(self, name: str) -> None:
        self.store.skip(name)

    @rule(seconds=st.sampled_from([1.0, 40.0, 400.0]))
    def let_time_pass(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def compare_the_formats(self) -> None:
        assert self.series(TextFormat.CLASSIC) == self.series(TextFormat.OPENMETRICS)

    async def page(self, text_format: TextFormat) -> str:
        """One format in which parts of the pages before are used again, and the other as it is written in full."""
        is_anew = text_format is TextFormat.OPENMETRICS
        exposition = self.new_exposition() if is_anew else self.exposition
        packed = [piece async for piece in exposition.compressed_page(text_format, _OWN)]
        return gzip.decompress(b"".join(packed)).decode()

    def series(self, text_format: TextFormat) -> dict[Series, float]:
        page = self.runner.run(self.page(text_format))
        parse = parse_classic if text_format is TextFormat.CLASSIC else untyped_parse_openmetrics
        samples = list(chain.from_iterable(family.samples for family in parse(page)))
        found = {(each.name, frozenset(each.labels.items())): float(each.value) for each in samples}
        assert len(found) == len(samples), "a series is there twice"
        return found

    @invariant()
    def no_series_is_wrong(self) -> None:
        found = self.series(TextFormat.CLASSIC)
        by_target = {series: dict(series[1]).get("target") for series in found}
        assert {name for name in by_target.values() if name is not None} == set(self.configured)
        for (name, labels), value in found.items():
            if name == "onedata_target_info":
                other_labels = {key: value for key, value in labels if key != "target"}
                assert other_labels == dict(self.configured[dict(labels)["target"]].labels)
            if by_target[name, labels] is not None and _grows(name):
                assert value >= self.counted.get((name, labels), 0.0), (name, labels)
        assert self.counted.keys() <= found.keys(), "a counter of a target that stays is gone"
        self.counted = {
            series: value
            for series, value in found.items()
            if by_target[series] is not None and _grows(series[0])
        }


History.TestCase.settings = settings(max_examples=50, stateful_step_count=20, deadline=None)


TestHistory = History.TestCase
