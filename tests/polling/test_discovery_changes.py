from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.operations import TIMED_OPERATIONS
from exporter.polling.discovery_changes import Change, Kind, changes, note, note_held
from exporter.state.store import Store
from exporter.targets import Target

ZONE = Target("zone", "https://zone.test", "https://zone.test", "https://zone.test:9443")


def provider(name: str, zone: str = "zone") -> Target:
    origin = f"https://{name}.test"
    return Target(name, origin, origin, f"{origin}:9443", onezone=zone, provider_id=f"id-{name}")


A, B = provider("a"), provider("b")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((), (ZONE,), ()),
        ((ZONE,), (), ()),
        ((), (ZONE, A), (Change(Kind.DISCOVERED, A),)),
        ((ZONE, A), (ZONE, A), ()),
        ((ZONE, A, B), (ZONE, B), (Change(Kind.VANISHED, A),)),
        (
            (A,),
            (replace(A, is_expected_offline=True),),
            (Change(Kind.CHANGED, replace(A, is_expected_offline=True)),),
        ),
        ((A,), (B,), (Change(Kind.DISCOVERED, B), Change(Kind.VANISHED, A))),
    ],
)
def test_what_a_list_changes_is_found(
    before: tuple[Target, ...], after: tuple[Target, ...], expected: tuple[Change, ...]
) -> None:
    assert changes(before, after) == expected


def events(found: tuple[Change, ...], missing: tuple[int, ...] = ()) -> list[tuple[float, str]]:
    """The events of a zone after these changes, and after lists that miss so many providers."""
    store = Store(TIMED_OPERATIONS, (1.0,))
    store.set_targets((ZONE,))
    note(found, store, 7.0)
    for count in missing:
        note_held(ZONE, count, store, 8.0)
    state = store.state("zone")
    assert state is not None
    return [(event.at, event.text) for event in reversed(list(state.events.latest_first()))]


def test_a_zone_keeps_the_changes_of_its_list_as_events() -> None:
    found = (Change(Kind.DISCOVERED, A), Change(Kind.DISCOVERED, B), Change(Kind.VANISHED, provider("c")))
    assert events(found) == [(7.0, "providers discovered: a, b"), (7.0, "provider vanished: c")]


def test_many_changes_at_once_are_one_event_with_their_number() -> None:
    found = tuple(Change(Kind.DISCOVERED, provider(f"p{number}")) for number in range(1000))
    assert events(found) == [(7.0, "1000 providers discovered")]


def test_a_zone_that_another_exporter_polls_keeps_no_events_here() -> None:
    assert events((Change(Kind.DISCOVERED, provider("a", "elsewhere")),)) == []
    note_held(replace(ZONE, name="elsewhere"), 1, Store(TIMED_OPERATIONS, (1.0,)), 7.0)


def test_a_zone_keeps_the_number_of_providers_missing_from_its_list_as_an_event() -> None:
    what = "missing from the list, kept until more lists agree"
    assert events((), missing=(1, 2)) == [(8.0, f"1 provider {what}"), (8.0, f"2 providers {what}")]
