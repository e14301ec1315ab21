from __future__ import annotations

import asyncio
import gzip
import math
import os
import re
import subprocess
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import utils
from prometheus_client.core import Metric as Family
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as untyped_parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_classic

from exporter.credentials import Auth, Secret
from exporter.discovery.admission import Admission, ProviderState
from exporter.discovery.zone_view import ZoneView, with_list
from exporter.exposition.labels import subject
from exporter.exposition.page import Exposition
from exporter.exposition.table import ALL_METRICS
from exporter.exposition.text_format import TextFormat, family_name, header, lines
from exporter.exposition.views import ExporterView
from exporter.maintenance import Window
from exporter.metrics import Metric, MetricType, Reading, Scope, Series, Shape
from exporter.operations import TIMED_OPERATIONS
from exporter.operations.providers import Provider
from exporter.reasons import Failure, Reason
from exporter.state.store import Store
from exporter.targets import Discovery, Node
from tests.support.checkups import PROVIDER, REFUSED, make_checkup, make_details, make_target
from tests.support.programs import program

GOLDEN = Path(__file__).parents[1] / "golden" / "metrics.txt"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
AUTH = Auth(token=Secret("token"), passphrase=Secret("passphrase"))
UNHEALTHY = Failure(Reason.UNHEALTHY, "HTTP 500 internalServerError", "internalServerError")


@pytest.fixture
def store() -> Store:
    """A zone that reported everything, one whose proxy is down, one with two nodes, one never seen; a provider."""
    store = Store(TIMED_OPERATIONS, BUCKETS)
    nodes = (Node("node1", "10.0.0.1"), Node("node2", "10.0.0.2"))
    fine, down, pinned, _never, provider = targets = (
        make_target("fine", labels=(("owner", "ops"), ("site", "cracow")), auth=AUTH),
        make_target("proxy-is-down", maintenance=(Window(0.0, math.inf, "upgrade"),)),
        make_target("pinned", nodes=nodes),
        make_target("never-looked-at"),
        make_target("provider"),
    )
    store.set_targets(targets)
    store.record(make_checkup(fine), 990.0)
    store.record(make_checkup(fine), 995.0)
    store.record_details(fine, make_details(fine), 995.0)
    store.record(make_checkup(down, proxy=REFUSED), 995.0)
    store.record(make_checkup(pinned, direct=UNHEALTHY), 995.0)
    store.record(make_checkup(provider, facts=PROVIDER), 995.0)
    listed = (
        Provider("id1", "Kraków", "provider.example", 50.06, 19.94, online=True),
        Provider("id2", "Gone", "gone.example", online=False),
    )
    admissions = (
        Admission(listed[0], ProviderState.CONFIGURED, "provider"),
        Admission(listed[1], ProviderState.IGNORED),
    )
    view = with_list(ZoneView(), listed, 3, 1_795_000_000.0)
    store.set_zones({"fine": replace(view, admissions=admissions)})
    store.skip("pinned")
    return store


def exposition_of(store: Store, clock: Callable[[], float] = lambda: 1000.0) -> Exposition:
    view = ExporterView(
        store=store,
        version="1.2.3",
        revision="abcdef",
        python_version="3.11.0",
        reload_successful=True,
        reloaded_at=1_795_000_000.0,
    )
    return Exposition(lambda: view, clock)


async def page_of(
    exposition: Exposition,
    text_format: TextFormat = TextFormat.CLASSIC,
    names: frozenset[str] = frozenset(),
) -> str:
    return b"".join([piece async for piece in exposition.page(text_format, names)]).decode()


async def own_page(store: Store, text_format: TextFormat = TextFormat.CLASSIC) -> str:
    """The page without the metrics of the process itself."""
    names = frozenset(metric.name for metric in ALL_METRICS)
    return await page_of(exposition_of(store), text_format, names)


async def test_the_whole_page_is_as_in_the_golden_file(store: Store) -> None:
    page = await own_page(store)
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(page, encoding="utf-8")
    assert page == GOLDEN.read_text(encoding="utf-8")


def test_the_golden_file_passes_promtool() -> None:
    found = subprocess.run(
        [program("promtool"), "check", "metrics"],
        input=GOLDEN.read_bytes(),
        capture_output=True,
        check=False,
    )
    assert (found.returncode, found.stdout, found.stderr) == (0, b"", b"")


def test_every_declared_metric_is_in_the_golden_file() -> None:
    declared = {metric.name for metric in ALL_METRICS}
    exported = {
        line.split()[2]
        for line in GOLDEN.read_text(encoding="utf-8").splitlines()
        if line.startswith("# TYPE")
    }
    assert exported == declared


async def test_both_formats_hold_the_same_and_can_be_parsed(store: Store) -> None:
    classic = list(parse_classic(await own_page(store)))
    openmetrics = list(parse_openmetrics(await own_page(store, TextFormat.OPENMETRICS)))
    names = [family.name for family in classic]
    assert len(names) == len(set(names))

    def series(families: list[Family]) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        found = [
            (sample.name, frozenset(sample.labels.items()), sample.value)
            for each in families
            for sample in each.samples
        ]
        assert len(found) == len({entry[:2] for entry in found}), "a series is there twice"
        return {(name, labels): value for name, labels, value in found}

    assert series(classic) == series(openmetrics)
    assert {family.type for family in openmetrics} == {"gauge", "counter", "histogram", "summary"}


async def test_the_page_holds_metrics_of_the_process(store: Store) -> None:
    for text_format, end in ((TextFormat.CLASSIC, "\n"), (TextFormat.OPENMETRICS, "# EOF\n")):
        page = await page_of(exposition_of(store), text_format)
        assert "process_resident_memory_bytes " in page
        assert "python_info{" in page
        assert page.endswith(end)
        assert page.count("# EOF") == (text_format is TextFormat.OPENMETRICS)


@pytest.mark.parametrize(
    ("name", "lines_begin_with"),
    [
        ("onedata_onepanel_up", {"onedata_onepanel_up{"}),
        ("onedata_polls_total", {"onedata_polls_total{"}),
        ("onedata_polls", {"onedata_polls_total{"}),
        (
            "onedata_onepanel_request_duration_seconds_bucket",
            {
                f"onedata_onepanel_request_duration_seconds_{suffix}{{"
                for suffix in ("bucket", "count", "sum")
            },
        ),
        ("process_open_fds", {"process_open_fds "}),
        ("nothing_of_this_name", set()),
    ],
)
async def test_only_the_named_families_are_written(
    store: Store, name: str, lines_begin_with: set[str]
) -> None:
    page = await page_of(exposition_of(store), names=frozenset({name}))
    found = {line for line in page.splitlines() if not line.startswith("#")}
    assert {
        next((start for start in lines_begin_with if line.startswith(start)), line) for line in found
    } == lines_begin_with


async def test_a_compressed_page_equals_the_page_after_any_change(store: Store) -> None:
    now = [1000.0]
    exposition = exposition_of(store, lambda: now[0])
    names = frozenset({"onedata_onepanel_up", "onedata_polls_total"})

    async def page_of(exposition: Exposition, *, names: frozenset[str]) -> str:
        pages = [
            [piece async for piece in pieces]
            for pieces in (
                exposition.page(TextFormat.CLASSIC, names),
                exposition.compressed_page(TextFormat.CLASSIC, names),
                exposition_of(store, lambda: now[0]).page(TextFormat.CLASSIC, names),
            )
        ]
        plain, packed, rewritten = (b"".join(page) for page in pages)
        assert plain == gzip.decompress(packed) == rewritten
        return plain.decode()

    first = await page_of(exposition, names=names)
    assert await page_of(exposition, names=names) == first
    store.record(make_checkup(store.states[0].target, proxy=REFUSED), 1000.0)
    second = await page_of(exposition, names=names)
    assert 'onedata_onepanel_up{path="proxy",target="fine"} 0.0' in second
    assert 'onedata_polls_total{target="fine"} 3.0' in second
    now[0] = 1041.0
    stale = await page_of(exposition, names=names)
    assert 'onedata_onepanel_up{path="proxy",target="fine"} 0.0' in stale
    assert 'target="proxy-is-down"} 1.0\n' in stale
    assert 'onedata_onepanel_up{path="proxy",target="proxy-is-down"}' not in stale


async def test_pages_of_targets_that_fail_again_and_again_leave_nothing_in_memory(store: Store) -> None:
    exposition = exposition_of(store)
    failing = store.states[1].target

    async def held_after_rounds(count: int) -> int:
        for _ in range(count):
            store.record(make_checkup(failing, proxy=REFUSED, direct=REFUSED), 995.0)
            assert [piece async for piece in exposition.compressed_page(TextFormat.CLASSIC)]
        held, _peak = tracemalloc.get_traced_memory()
        return held

    tracemalloc.start()
    try:
        before = await held_after_rounds(70)
        growth = await held_after_rounds(70) - before
    finally:
        tracemalloc.stop()
    assert growth < 2**20


async def test_a_family_without_samples_has_no_header() -> None:
    store = Store(TIMED_OPERATIONS, BUCKETS)
    store.set_targets([make_target("never-looked-at")])
    page = await own_page(store)
    assert "# TYPE onedata_onepanel_requests_total counter" in page
    assert "onedata_onepanel_up" not in page


@pytest.mark.parametrize(
    "counted",
    [
        pytest.param({}, id="none"),
        pytest.param({("users", Reason.FORBIDDEN): 3}, id="of another operation"),
        pytest.param({("health", Reason.INTERNAL): 2}, id="of a round"),
        pytest.param(
            {
                ("users", Reason.FORBIDDEN): 3,
                ("health", Reason.INTERNAL): 2,
                ("dns_check", Reason.NOT_FOUND): 1,
                ("configuration", Reason.FORBIDDEN): 5,
            },
            id="of both, in any order",
        ),
    ],
)
async def test_each_failure_is_counted_once_beside_the_zeros(counted: dict[tuple[str, Reason], int]) -> None:
    store = Store(TIMED_OPERATIONS, BUCKETS)
    store.set_targets([make_target("zone")])
    state = store.states[0]
    state.counters_by_route[state.routes[0]].failures.update(counted)
    path = state.routes[0].path
    found = re.findall(
        rf'^onedata_onepanel_request_failures_total\{{operation="(.*)",path="{path}",reason="(.*)",.*\}} (.*)$',
        await own_page(store),
        re.MULTILINE,
    )
    from_zero = {(operation, reason): 0 for operation in ("configuration", "health") for reason in Reason}
    expected = {**from_zero, **counted}
    assert [(operation, reason, float(value)) for operation, reason, value in found] == [
        (*pair, count) for pair, count in expected.items()
    ]


async def test_requests_that_were_not_foreseen_are_counted_beside_the_others() -> None:
    store = Store(TIMED_OPERATIONS, BUCKETS)
    store.set_targets([make_target("zone")])
    for counters in store.states[0].counters_by_route.values():
        counters.requests.update({"surprise": 2, "another": 1})
    found = re.findall(
        r'^onedata_onepanel_requests_total\{operation="(surprise|another|health)",.*\} (.*)$',
        await own_page(store),
        re.MULTILINE,
    )
    assert found == [("health", "0.0"), ("another", "1.0"), ("surprise", "2.0")] * 2


async def test_an_operation_that_is_left_out_from_now_on_shows_no_facts_of_the_last_round() -> None:
    store = Store(TIMED_OPERATIONS, BUCKETS)
    target = make_target("zone", auth=AUTH)
    store.set_targets([target])
    store.record(make_checkup(target), 995.0)
    store.record_details(target, make_details(target), 995.0)
    assert "onedata_zone_users" in await own_page(store)
    store.states[0].target = replace(target, left_out=frozenset({"users"}))
    assert "onedata_zone_users" not in await own_page(store)


async def test_a_timed_operation_that_is_left_out_has_no_histogram() -> None:
    store = Store(TIMED_OPERATIONS, BUCKETS)
    target = make_target("zone")
    store.set_targets([target, replace(target, name="other", left_out=frozenset({"worker_report"}))])
    of_report = r'^onedata_onepanel_request_duration_seconds_sum\{operation="worker_report",.*target="(.*)"'
    assert set(re.findall(of_report, await own_page(store), re.MULTILINE)) == {"zone"}


async def test_rounds_that_end_while_a_page_is_written_change_nothing_in_it() -> None:
    store = Store(TIMED_OPERATIONS, BUCKETS)
    targets = [make_target(f"zone-{number}", auth=AUTH) for number in range(30)]
    store.set_targets(targets)

    def end_rounds(reason: Reason) -> None:
        for target in targets:
            store.record(make_checkup(target, proxy=Failure(reason, "")), 995.0)
            store.record_details(target, make_details(target), 995.0)

    names = frozenset(metric.name for metric in ALL_METRICS)
    end_rounds(Reason.TIMEOUT)
    before = await own_page(store)
    pieces = exposition_of(store).page(TextFormat.CLASSIC, names)
    first = await anext(pieces)
    assert 3 * len(first) < len(before)
    end_rounds(Reason.CONNECTION_LOST)
    assert (first + b"".join([piece async for piece in pieces])).decode() == before
    assert await own_page(store) != before


async def test_other_tasks_run_while_a_large_page_is_written() -> None:
    store = Store(TIMED_OPERATIONS, BUCKETS)
    store.set_targets([make_target(f"zone-{number}") for number in range(200)])
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    counting = asyncio.ensure_future(count_turns())
    await page_of(exposition_of(store))
    counting.cancel()
    assert turns > 5


async def test_a_family_whose_subjects_have_no_series_has_no_header() -> None:
    store = Store((), BUCKETS)  # no operation is timed
    store.set_targets([make_target("zone")])
    assert "request_duration" not in await own_page(store)


async def test_requests_for_a_list_of_providers_begin_at_0_on_the_proxy_path_alone() -> None:
    store = Store(TIMED_OPERATIONS, BUCKETS)
    zone = make_target("zone")
    store.set_targets([replace(zone, discovery=Discovery()), replace(zone, name="without-discovery")])
    of_list = r'^onedata_onepanel_requests_total\{operation="providers",path="(.*)",target="(.*)"\} (.*)$'
    assert re.findall(of_list, await own_page(store), re.MULTILINE) == [("proxy", "zone", "0.0")]


async def test_each_of_many_targets_is_written_once_under_one_header() -> None:
    store = Store(TIMED_OPERATIONS, BUCKETS)
    exposition = exposition_of(store)
    for count in (60, 26, 25, 1):
        store.set_targets([make_target(f"zone-{number}") for number in range(count)])
        packed = [piece async for piece in exposition.compressed_page(TextFormat.OPENMETRICS)]
        page = gzip.decompress(b"".join(packed)).decode()
        exported = re.findall(r'^onedata_polls_total\{target="(.+)"\}', page, re.MULTILINE)
        assert exported == [f"zone-{number}" for number in range(count)]
        families = [family.name for family in parse_openmetrics(page)]
        assert len(families) == len(set(families))


async def test_a_removed_target_leaves_no_series(store: Store) -> None:
    exposition = exposition_of(store)
    assert 'target="fine"' in await page_of(exposition)
    store.set_targets([store.states[1].target])
    page = await page_of(exposition)
    assert 'target="fine"' not in page
    assert 'target="proxy-is-down"' in page
    assert "onedata_exporter_targets 1.0" in page


number: Callable[[float], str] = utils.floatToGoString
parse_openmetrics: Callable[[str], Iterator[Family]] = untyped_parse_openmetrics
label_values = st.text(max_size=40)
values = st.floats() | st.integers(-(2**53), 2**53).map(float)
counts = st.integers(0, 2**53)
distributions = st.builds(
    lambda total, count, buckets: Series(
        Shape(((),), tuple(map(float, range(len(buckets))))), (*buckets, count, total)
    ),
    values,
    counts,
    st.lists(counts, max_size=3),
)


def as_family(metric: Metric[None], labels: dict[str, str]) -> Family:
    """The same series, as prometheus_client sees them."""
    family = Family(family_name(metric), metric.help, metric.type.value)
    for reading in metric.read(metric.see(None)):
        own = {**labels, **dict(zip(metric.labels, reading.labels, strict=True))}
        own = {key: value.encode("utf-8", "replace").decode() for key, value in own.items() if value}
        if isinstance(reading.value, Series):
            *buckets, count_of_all, total = reading.value.numbers
            for bound, count in zip(reading.value.shape.bounds or (), buckets, strict=True):
                family.add_sample(f"{metric.name}_bucket", {**own, "le": number(bound)}, count)
            family.add_sample(f"{metric.name}_count", own, count_of_all)
            family.add_sample(f"{metric.name}_sum", own, total)
        elif isinstance(reading.value, float | int):
            family.add_sample(metric.name, own, reading.value)
    return family


class OneFamily:
    def __init__(self, family: Family) -> None:
        self.family = family

    def collect(self) -> Iterator[Family]:
        yield self.family


def text_of(metric: Metric[None], target: str) -> bytes:
    return "".join(lines(metric, [(subject(("target",), (target,)), metric.see(None))])).encode()


@given(st.sampled_from(MetricType), label_values, label_values, values, distributions, st.text(max_size=30))
def test_our_text_is_the_librarys_to_the_byte(  # noqa: PLR0913, PLR0917 - drawn values
    kind: MetricType,
    target: str,
    own: str,
    number: float,
    spread: Series,
    help_text: str,
) -> None:
    help_text = help_text.encode("utf-8", "replace").decode()
    value = spread if kind in {MetricType.HISTOGRAM, MetricType.SUMMARY} else number
    name = "onedata_things_total" if kind is MetricType.COUNTER else "onedata_things"
    metric: Metric[None] = Metric(
        name,
        help_text,
        Scope.TARGET,
        lambda _subject: value,
        lambda seen: [Reading((own,), seen)],
        labels=("own",),
        type=kind,
    )
    labels = {"target": target}
    body = text_of(metric, target)
    registry = OneFamily(as_family(metric, labels))
    assert header(metric, TextFormat.CLASSIC).encode() + body == generate_latest(registry)
    ours = header(metric, TextFormat.OPENMETRICS).encode() + body + b"# EOF\n"
    assert ours == generate_openmetrics(registry)  # type: ignore[no-untyped-call]


@given(label_values)
def test_a_label_value_is_read_back_as_it_was(value: str) -> None:
    metric: Metric[None] = Metric("onedata_things", "Things.", Scope.TARGET, lambda _: 1.0)
    text = header(metric, TextFormat.CLASSIC) + text_of(metric, value).decode()
    (family,) = parse_classic(text)
    written = value.encode("utf-8", "replace").decode()
    assert family.samples[0].labels == ({"target": written} if written else {})
    assert math.isclose(family.samples[0].value, 1.0)
