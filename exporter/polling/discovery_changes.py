"""Which providers a new list adds, changes or removes: a log line for each, and an event of their zone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from exporter.log import get_logger
from exporter.state.events import Event
from exporter.state.store import Store
from exporter.targets import Target

log = get_logger()
# An event names so many providers, and else their number: a zone keeps few events.
_MOST_NAMES = 5


class Kind(StrEnum):
    """What happened to a provider; the value is for people."""

    DISCOVERED = "discovered"
    CHANGED = "changed"
    VANISHED = "vanished"


class Change(NamedTuple):
    """What happened to one discovered target."""

    kind: Kind
    target: Target


def changes(before: Iterable[Target], after: Iterable[Target]) -> tuple[Change, ...]:
    """Return what differs between two sets of targets, as far as zones list them; in the order of the sets."""
    old = {target.name: target for target in before if target.onezone}
    new = {target.name: target for target in after if target.onezone}
    return (
        *(Change(Kind.DISCOVERED, target) for name, target in new.items() if name not in old),
        *(Change(Kind.CHANGED, target) for name, target in new.items() if old.get(name, target) != target),
        *(Change(Kind.VANISHED, target) for name, target in old.items() if name not in new),
    )


def note(found: Iterable[Change], store: Store, now: float) -> None:
    """Log each change, and note them at their zones if this exporter polls these."""
    found = tuple(found)
    for kind, target in found:
        message = f"provider {kind}"
        log.info(message, target=target.name, onezone=target.onezone, provider_id=target.provider_id)
    for zone in dict.fromkeys(target.onezone for _kind, target in found):
        state = store.state(zone)
        if state is not None:
            own = [change for change in found if change.target.onezone == zone]
            for text in _texts(own):
                state.events.add(Event(now, "", text))


def note_held(zone: Target, missing: int, store: Store, now: float) -> None:
    """Log that so many providers are missing from a list that is not taken at its word, and note it at the zone."""
    log.warning(
        "providers missing from the list, kept until more lists agree", target=zone.name, missing=missing
    )
    state = store.state(zone.name)
    if state is not None:
        text = f"{missing} provider{'s' if missing > 1 else ''} missing from the list, kept until more lists agree"
        state.events.add(Event(now, "", text))


def _texts(found: Iterable[Change]) -> Iterator[str]:
    """Yield one sentence for each kind of change."""
    found = tuple(found)
    for kind in Kind:
        names = [change.target.name for change in found if change.kind is kind]
        if len(names) > _MOST_NAMES:
            yield f"{len(names)} providers {kind}"
        elif names:
            yield f"provider{'s' if len(names) > 1 else ''} {kind}: {', '.join(names)}"
