from __future__ import annotations

import stat
from pathlib import Path

import pytest

from exporter.operations.providers import Provider
from exporter.polling.provider_cache import CacheError, Remembered, read_cache, write_cache

ZONE = "https://zone.example.org"
REMEMBERED = Remembered(
    ZONE,
    (
        Provider(
            "id1", "One", "one.example.org", 50.0, 20.0, online=True, onepanel_proxy=False, version="21.02.7"
        ),
    ),
    1_795_000_000.0,
    frozenset({"id1"}),
)


def test_what_is_written_is_read_back_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    file = tmp_path / "providers.json"
    write_cache(str(file), REMEMBERED)
    assert read_cache(str(file), ZONE) == REMEMBERED
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["providers.json"]


def test_the_list_of_another_zone_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "providers.json"
    write_cache(str(file), REMEMBERED)
    with pytest.raises(CacheError, match=f"^{file}: holds the list of another zone, not of https://other$"):
        read_cache(str(file), "https://other")


def test_a_file_that_does_not_name_its_zone_is_taken_as_its_own(tmp_path: Path) -> None:
    file = tmp_path / "providers.json"
    file.write_text('{"format": 1, "providers": [], "listed_at": 5, "seen_online": []}', encoding="utf-8")
    assert read_cache(str(file), ZONE) == Remembered(ZONE, (), 5.0, frozenset())


def test_a_file_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    assert read_cache(str(tmp_path / "providers.json"), ZONE) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        '{"format": 2}',
        '{"format": 1, "providers": [{}], "listed_at": 0, "seen_online": []}',
        '{"format": 1, "providers": [{"provider_id": 1}], "listed_at": 0, "seen_online": []}',
        '{"format": 1, "providers": [], "listed_at": "x", "seen_online": []}',
        "[" * 100_000,
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "providers.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CacheError, match=f"^{file}: is no provider list"):
        read_cache(str(file), ZONE)


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "missing" / "providers.json"
    with pytest.raises(CacheError, match=r"cannot be written: No such file or directory$"):
        write_cache(str(file), REMEMBERED)
