"""The facts of a simulated cluster: what its Onepanel would read from its own database and processes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cluster:
    """One simulated Onezone cluster at one moment; troubles replace some of its facts.

    `passphrase` is the emergency passphrase; `tokens` are the access tokens that the worker accepts.
    """

    name: str = "Simulated Zone"
    domain: str = "onezone.example"
    version: str = "21.02.7"
    build: str = "8-ge9fd9a78"
    cluster_id: str = "onezone"
    hosts: tuple[str, ...] = ("127.0.0.1",)
    passphrase: str = "simulated-passphrase"  # noqa: S105 - of a simulation; it opens nothing
    tokens: frozenset[str] = frozenset({"simulated-token"})
    deployed: bool = True
    worker_running: bool = True
    health_known: bool = True
    listener_sick: bool = False
    breaker_open: bool = False
    database_down: bool = False

    @property
    def worker_serves(self) -> bool:
        """Whether there is a worker that answers; operations on users need one."""
        return self.deployed and self.worker_running
