"""What is known of a zone's providers at one time, and how a new list changes that. Pure.

A zone's list is not taken at its word when most of its members vanish at once: an empty answer would end every
alert. Such a list is held until three lists in a row agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from exporter.discovery.admission import Admission, ProviderState
from exporter.operations.providers import Provider

# So many lists must agree before most of the providers are dropped.
_AGREEING_LISTS = 3
_LARGEST_SHARE_LOST = 0.5


@dataclass(frozen=True, slots=True)
class ZoneView:
    """The providers of one zone. Times are seconds since the epoch, None for what never happened.

    `providers` are those of the last list that was accepted, by id; `held` the ids that a newer list no longer has.
    `seen_online` are ids that were online at least once. `failure` is why the last attempt gave no list, and
    `recovered_at` the time of the first list after such an attempt, 0 without one.
    """

    providers: Mapping[str, Provider] = field(default_factory=dict)
    held: frozenset[str] = frozenset()
    seen_online: frozenset[str] = frozenset()
    attempted_at: float | None = None
    succeeded_at: float | None = None
    failure: str = ""
    recovered_at: float = 0.0
    over_limit: int = 0
    admissions: tuple[Admission, ...] = ()
    shrunk: tuple[frozenset[str], int] = field(default=(frozenset(), 0))

    def provider(self, provider_id: str) -> Provider | None:
        """Return a provider of the list; None for one that is not listed."""
        return self.providers.get(provider_id)

    def online(self, provider_id: str) -> bool | None:
        """Return whether the zone reports a provider as online; None if it does not report it or does not list it."""
        provider = self.provider(provider_id)
        return provider.online if provider else None

    def is_cut_off(self, provider_id: str) -> bool:
        """Return whether the zone reports a provider as offline that was online before."""
        return self.online(provider_id) is False and provider_id in self.seen_online

    def counts(self) -> dict[ProviderState, int]:
        """Return how many providers are in each state. A held provider counts as held alone."""
        states = [
            ProviderState.HELD if each.provider.provider_id in self.held else each.state
            for each in self.admissions
        ]
        counted = {state: states.count(state) for state in ProviderState}
        counted[ProviderState.OVER_LIMIT] += self.over_limit
        return counted


def with_list(view: ZoneView, providers: tuple[Provider, ...], total: int, now: float) -> ZoneView:
    """Return the view after a list with `total` members, of which `providers` were described.

    A provider that is listed by its id alone stays as it was known: the zone failed while it described it.
    """
    online = {each.provider_id for each in providers if each.online}
    by_id = {each.provider_id: _described(each, view.provider(each.provider_id)) for each in providers}
    listed = frozenset(by_id)
    view = replace(
        view,
        attempted_at=now,
        succeeded_at=now,
        recovered_at=now if view.failure else view.recovered_at,
        failure="",
        over_limit=max(0, total - len(providers)),
        seen_online=(view.seen_online | online) & (listed | view.providers.keys()),
    )
    lost = frozenset(view.providers) - listed
    if len(lost) <= _LARGEST_SHARE_LOST * len(view.providers):
        return replace(view, providers=by_id, held=frozenset(), shrunk=(frozenset(), 0))
    agreeing = view.shrunk[1] + 1 if view.shrunk[0] == listed else 1
    if agreeing >= _AGREEING_LISTS:
        return replace(view, providers=by_id, held=frozenset(), shrunk=(frozenset(), 0))
    kept = {provider_id: view.providers[provider_id] for provider_id in view.providers if provider_id in lost}
    return replace(view, providers=by_id | kept, held=lost, shrunk=(listed, agreeing))


def _described(listed: Provider, known: Provider | None) -> Provider:
    """Return what is known of a provider; of one without any description, what was known before."""
    if known is None or listed.name or listed.domain:
        return listed
    return replace(known, online=None)


def with_failure(view: ZoneView, why: str, now: float) -> ZoneView:
    """Return the view after an attempt that gave no list: the last list stays."""
    return replace(view, attempted_at=now, failure=why)
