"""How one port behaves: open or not, in which words, with which certificate. A frozen value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from exporter.simulator import delivery
from exporter.simulator.authority import Credential
from exporter.simulator.delivery import Delivery
from exporter.simulator.messages import Reply


class Listening(Enum):
    """The reaction of a port to a connection."""

    OPEN = "open"
    FROZEN = "frozen"  # the kernel accepts, the process does not
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """By default a port behaves as the real server.

    `instead` answers in place of the server; `distort` changes its answers; `elsewhere` leads to another
    cluster; `silent` reads requests and never answers; `lossy` resets every second connection, from the
    first one on, once its request was read. `in_turn` is the certificate of every second connection, as where
    several nodes answer to one name.
    """

    listening: Listening = Listening.OPEN
    certificate: Credential = Credential.GOOD
    in_turn: Credential | None = None
    plain: bool = False
    silent: bool = False
    slow: bool = False
    lossy: bool = False
    elsewhere: bool = False
    instead: Reply | None = None
    distort: Callable[[Reply], Reply] | None = None
    deliver: Delivery = delivery.whole
