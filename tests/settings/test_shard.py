from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.settings.errors import ConfigurationError
from exporter.settings.loading import load
from exporter.targets import Shard

URLS = [f"https://zone-{number}.example" for number in range(40)]


@given(st.text(st.characters(codec="utf-8")), st.integers(1, 50))
def test_every_target_is_in_exactly_one_shard(name: str, count: int) -> None:
    assert sum(Shard(index, count).holds(name) for index in range(count)) == 1


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


@pytest.mark.parametrize("shard", ["3/3", "1", "0/0", "-1/3", "a/b", "1/3/5", ""])
def test_what_is_no_shard_is_refused(shard: str) -> None:
    with pytest.raises(ConfigurationError, match=r"shard: must be INDEX/COUNT .* such as 0/3"):
        load(None, {"targets": URLS, "shard": shard}, {})
