"""How fast the simulated servers are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """All times are seconds, and by default those of the real servers.

    `scale` multiplies the usual delays (0: none at all). The two timeouts are those of the worker's
    proxy, for a Onepanel that is frozen and for one that accepts but never answers.
    `latency_seconds` is what the fault `latency` adds to each answer. The other three are explained in
    `exporter.simulator.neighbour`: what happens when another node freezes.
    """

    scale: float = 1.0
    connect_timeout_seconds: float = 8.0
    receive_timeout_seconds: float = 30.0
    latency_seconds: float = 0.5
    first_stall_seconds: float = 68.0
    stall_seconds: float = 7.0
    hang_seconds: float = 18.0


# For tests: no delays, and timeouts that are short, yet long enough for a busy machine.
INSTANT = Timing(
    scale=0.0,
    connect_timeout_seconds=1.0,
    receive_timeout_seconds=1.0,
    latency_seconds=0.2,
    first_stall_seconds=3.0,
    stall_seconds=3.0,
    hang_seconds=0.0,
)
