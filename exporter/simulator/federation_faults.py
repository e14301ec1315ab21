"""What can go wrong between a Onezone and its Oneproviders: a closed set."""

from __future__ import annotations

from enum import Enum
from typing import Self


class FederationFault(Enum):
    """A fault of one member of a federation; `title` is an order, `explanation` describes what can be seen.

    `of_zone`: it concerns the Onezone rather than a Oneprovider.
    """

    title: str
    explanation: str
    of_zone: bool

    def __new__(cls, value: str, title: str, explanation: str, of_zone: object = None) -> Self:
        """Make a member that also carries its words."""
        member = object.__new__(cls)
        member._value_ = value
        member.title = title
        member.explanation = explanation
        member.of_zone = bool(of_zone)
        return member

    CUT_OFF = (
        "cut_off",
        "cut the Oneprovider off from its Onezone",
        "Both paths are healthy, but the GraphSync connection is down: `online` is false, `oz_connectivity` an error.",
    )
    WRONG_CLOCK = (
        "wrong_clock",
        "set the clock ten minutes ahead",
        "The `Date` of every answer is wrong. GraphSync refuses connections between clocks that differ.",
    )
    INCOMPATIBLE_VERSION = (
        "incompatible_version",
        "upgrade the Oneprovider to a version that its Onezone does not know",
        "Version 25.0 is not among the compatible versions of the Onezone, which refuses the connection.",
    )
    UNREGISTERED = (
        "unregistered",
        "unregister the Oneprovider",
        "The Oneprovider no longer belongs to a Onezone, which no longer lists it.",
    )
    REMOVED = (
        "removed",
        "remove the Oneprovider from its Onezone",
        "The Onezone no longer lists the Oneprovider, whose own configuration still shows `isRegistered`.",
    )
    DOMAIN_CHANGED = (
        "domain_changed",
        "change the domain of the Oneprovider",
        "The Onezone lists the Oneprovider under another domain, where it answers as before.",
    )
    LIST_EMPTIED = (
        "list_emptied",
        "empty the list of Oneproviders",
        "The Onezone answers 200 with an empty list, though the Oneproviders are still connected.",
        True,
    )
    ZONE_CLOCK = (
        "zone_clock",
        "set the clock of the Onezone ten minutes ahead",
        "`get_current_time` and `Date` are wrong, and every Oneprovider loses its GraphSync connection.",
        True,
    )
