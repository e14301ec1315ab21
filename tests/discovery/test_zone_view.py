from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exporter.discovery.zone_view import ZoneView, with_failure, with_list
from exporter.operations.providers import Provider


def providers(*ids: int, online: bool | None = None) -> tuple[Provider, ...]:
    return tuple(Provider(f"id{each}", domain=f"p{each}.example.org", online=online) for each in ids)


def ids(view: ZoneView) -> set[str]:
    return set(view.providers)


def listed(view: ZoneView, *numbers: int) -> ZoneView:
    return with_list(view, providers(*numbers), len(numbers), 100.0)


def test_a_list_replaces_the_one_before() -> None:
    view = listed(listed(ZoneView(), 1, 2, 3), 2, 3, 4)
    assert ids(view) == {"id2", "id3", "id4"}
    assert not view.held


def test_a_list_that_loses_most_members_is_held_until_three_lists_agree() -> None:
    view = listed(ZoneView(), 1, 2, 3)
    for _ in range(2):
        view = listed(view, 1)
        assert ids(view) == {"id1", "id2", "id3"}
        assert view.held == {"id2", "id3"}
    view = listed(view, 1)
    assert ids(view) == {"id1"}
    assert not view.held


def test_an_empty_list_is_held_and_a_full_one_ends_that() -> None:
    view = listed(listed(ZoneView(), 1, 2), *())
    assert view.held == {"id1", "id2"}
    view = listed(view, 1, 2)
    assert not view.held
    view = listed(listed(view, *()), *())
    assert ids(view) == {"id1", "id2"}


def test_lists_that_do_not_agree_are_held_for_ever() -> None:
    view = listed(ZoneView(), *range(10))
    for number in range(6):
        view = listed(view, number % 2)
    assert len(ids(view)) == 10


def test_a_provider_that_is_listed_by_its_id_alone_stays_as_it_was_known() -> None:
    known = with_list(ZoneView(), providers(1, 2, online=True), 2, 100.0)
    view = with_list(known, (Provider("id1"), Provider("id3"), *providers(2, online=False)), 3, 101.0)
    assert [each.domain for each in view.providers.values()] == ["p1.example.org", "", "p2.example.org"]
    assert [view.online(each) for each in ("id1", "id2")] == [None, False]
    assert not view.is_cut_off("id1")


def test_without_an_answer_the_last_list_stays_with_its_age() -> None:
    view = with_failure(listed(ZoneView(), 1, 2), "connection_refused", 200.0)
    assert ids(view) == {"id1", "id2"}
    assert (view.attempted_at, view.succeeded_at, view.failure) == (200.0, 100.0, "connection_refused")


def test_offline_counts_only_after_online_was_seen() -> None:
    never = with_list(ZoneView(), providers(1, online=False), 1, 100.0)
    assert not never.is_cut_off("id1")
    once = with_list(
        with_list(never, providers(1, online=True), 1, 101.0), providers(1, online=False), 1, 102.0
    )
    assert once.is_cut_off("id1")
    assert not once.is_cut_off("unknown")


@given(st.lists(st.sets(st.integers(0, 8)), min_size=1, max_size=12))
def test_no_list_drops_more_than_half_at_once_unless_three_agree(lists: list[set[int]]) -> None:
    view = ZoneView()
    for place, members in enumerate(lists):
        before = ids(view)
        view = listed(view, *sorted(members))
        lost = len(before - ids(view))
        agree = place >= 2 and lists[place - 2 : place + 1].count(members) == 3
        assert lost <= len(before) / 2 or agree
        assert {f"id{each}" for each in members} <= ids(view)
