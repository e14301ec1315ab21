from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.settings.errors import ConfigurationError
from exporter.settings.loading import load
from exporter.settings.shards import Shard, index_of_host, shard_index, shard_of_host

URLS = [f"https://zone-{number}.example" for number in range(40)]
# Names as federations have them: alike but for one number, in one of several places.
FAMILIES = (
    "oneprovider{}.example.org",
    "{}.oneprovider.cluster.example.org",
    "plg-{}-cyfronet",
    "https-host{}",
)
NAMES = [FAMILIES[number % len(FAMILIES)].format(number) for number in range(10_000)]


@given(st.text(st.characters(codec="utf-8")), st.integers(1, 50))
def test_every_target_is_in_exactly_one_shard(name: str, count: int) -> None:
    assert sum(Shard(index, count).holds(name) for index in range(count)) == 1


@pytest.mark.parametrize("count", range(2, 17))
@pytest.mark.parametrize("family", [*FAMILIES, None])
def test_names_that_are_alike_are_spread_evenly(family: str | None, count: int) -> None:
    names = NAMES if family is None else [family.format(number) for number in range(10_000)]
    sizes = Counter(shard_index(name, count) for name in names)
    even = len(names) / count
    deviation = math.sqrt(even * (1 - 1 / count))
    assert set(sizes) == set(range(count))
    assert max(abs(size - even) for size in sizes.values()) < 4 * deviation, sizes


@pytest.mark.parametrize("count", range(1, 16))
def test_one_shard_more_moves_its_own_share_and_nothing_else(count: int) -> None:
    moved = [name for name in NAMES if shard_index(name, count) != shard_index(name, count + 1)]
    assert {shard_index(name, count + 1) for name in moved} == {count}
    share = len(NAMES) / (count + 1)
    assert abs(len(moved) - share) < 4 * math.sqrt(share)


def test_the_share_of_a_name_stays_over_versions_of_the_exporter() -> None:
    found = [
        [shard_index(name, count) for count in (1, 2, 3, 8, 9999)] for name in ("a", "my.zone.domain.org")
    ]
    assert found == [[0, 0, 0, 6, 379], [0, 0, 0, 0, 3190]]


def test_the_shards_of_a_configuration_share_its_targets() -> None:
    shares = [
        {target.name for target in load(None, {"targets": URLS, "shard": f"{index}/3"}, {}).targets}
        for index in range(3)
    ]
    assert sorted(name for share in shares for name in share) == sorted(
        url.removeprefix("https://") for url in URLS
    )
    assert all(len(share) >= 5 for share in shares)


def test_another_target_moves_none_of_the_others() -> None:
    def share(urls: list[str]) -> set[str]:
        settings = load(None, {"targets": urls}, {"ONEDATA_EXPORTER_SHARD": "1/3"})
        return {target.name for target in settings.targets}

    assert share(URLS[:20]) == share(URLS) & {url.removeprefix("https://") for url in URLS[:20]}


def test_without_a_shard_all_targets_are_watched() -> None:
    assert len(load(None, {"targets": URLS}, {}).targets) == len(URLS)


@pytest.mark.parametrize(
    "shard", ["3/3", "1", "0/0", "-1/3", "a/b", "1/3/5", "", "auto/0", "auto", "auto/x", "AUTO/3"]
)
def test_what_is_no_shard_is_refused(shard: str) -> None:
    with pytest.raises(ConfigurationError, match=r"shard: must be INDEX/COUNT .* such as 0/3"):
        load(None, {"targets": URLS, "shard": shard}, {})


@pytest.mark.parametrize("variable", ["ONEDATA_EXPORTER_SHARD", "onedata_exporter_shard"])
def test_a_shard_that_lost_its_value_is_refused(variable: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load(None, {"targets": URLS}, {variable: "", "ONEDATA_EXPORTER_LOG__LEVEL": ""})
    (fault,) = refused.value.faults
    assert str(fault).startswith(f"environment: {variable}: must be INDEX/COUNT")


@pytest.mark.parametrize(
    ("host", "index"),
    [
        ("exporter-0", 0),
        ("exporter-12", 12),
        ("monitoring-onedata-exporter-r1-2", 2),
        ("exporter07", 7),
        ("exporter-1.domain9.org", 1),
        ("17", 17),
        ("exporter", None),
        ("exporter-1a", None),
        ("1-exporter", None),
        ("exporter.domain.org1", None),
        ("exporter-1\n", None),
        ("exporter-\N{ARABIC-INDIC DIGIT TWO}", None),
        ("", None),
    ],
)
def test_the_index_is_the_number_at_the_end_of_the_host_name(host: str, index: int | None) -> None:
    assert index_of_host(host) == index


@pytest.mark.parametrize(
    ("host", "count", "message"),
    [
        ("exporter-2", 1, "a number from 0 to 0, but 'exporter-2' ends with the number 2"),
        ("exporter-2", 2, "a number from 0 to 1, but 'exporter-2' ends with the number 2"),
        ("exporter", 2, "but 'exporter' ends without a number: rename the host, or give INDEX/COUNT"),
    ],
)
def test_a_host_name_without_a_fitting_number_is_refused(host: str, count: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        shard_of_host(host, count)


def test_the_host_name_gives_the_index() -> None:
    assert shard_of_host("exporter-2", 3) == Shard(2, 3)
