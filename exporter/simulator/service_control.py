"""That Onepanel starts or stops a service: what an answer can bring about in its cluster."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServiceControl:
    """A component, by its name in URLs, is to run on these hosts, or not to."""

    component: str
    hosts: tuple[str, ...]
    started: bool
