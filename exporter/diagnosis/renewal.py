"""Whether the certificate of a cluster is renewed, and why not, as a table. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from exporter.operations.web_certificate import WebCertificateStatus


class Renewal(StrEnum):
    """The state of the renewal, with its meaning and its first step; the first state whose row of `judge` holds."""

    meaning: str
    first_step: str

    def __new__(cls, value: str, meaning: str, first_step: str) -> Self:
        """Create a member that also carries its explanation."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        member.first_step = first_step
        return member

    FINE = (
        "fine",
        "Onepanel renews the certificate, and it is not overdue.",
        "None is needed.",
    )
    FAILING = (
        "failing",
        "The challenge of Let's Encrypt failed.",
        "Check port 80 from outside, DNS and the rate limits of Let's Encrypt; Onepanel's log has the error.",
    )
    WORKER_DOWN = (
        "worker_down",
        "Onepanel does not try to renew: the worker is not healthy, or the provider is not registered.",
        "Repair the worker, or register the provider.",
    )
    JOB_LOST = (
        "job_lost",
        "Onepanel does not try to renew, though the worker is healthy: its renewal job is gone.",
        "Restart Onepanel on the first node.",
    )
    STUCK = (
        "stuck",
        "Onepanel has been regenerating the certificate for over an hour: a flag was left behind.",
        "Restart Onepanel.",
    )
    ELSEWHERE = (
        "elsewhere",
        "Onepanel does not renew the certificate, although it comes from Let's Encrypt.",
        "Find out what renews it; Onepanel's renewal may have been switched off by mistake.",
    )
    OFF = (
        "off",
        "Onepanel does not renew the certificate.",
        "Replace the certificate before it expires.",
    )

    @property
    def is_broken(self) -> bool:
        """Return whether Onepanel should renew the certificate, and does not."""
        return self in {Renewal.FAILING, Renewal.WORKER_DOWN, Renewal.JOB_LOST, Renewal.STUCK}


@dataclass(frozen=True, slots=True)
class Signs:
    """What the state of the renewal depends on.

    `failed`: the last attempt failed, and `failed_recently`: within a day. `is_overdue`: Onepanel should have
    renewed by now. `from_lets_encrypt`: Let's Encrypt issued Onepanel's certificate or one that is served.
    """

    status: WebCertificateStatus
    lets_encrypt: bool = True
    failed: bool = False
    failed_recently: bool = False
    is_overdue: bool = False
    worker_works: bool = True
    regenerates_long: bool = False
    from_lets_encrypt: bool = False


def judge(signs: Signs) -> Renewal:
    """Return the state of the renewal: the first row that holds. Total."""
    is_near = signs.status in {WebCertificateStatus.NEAR_EXPIRATION, WebCertificateStatus.EXPIRED}
    rows = (
        (signs.status is WebCertificateStatus.REGENERATING and signs.regenerates_long, Renewal.STUCK),
        (signs.status is WebCertificateStatus.REGENERATING, Renewal.FINE),
        (not signs.lets_encrypt and signs.from_lets_encrypt, Renewal.ELSEWHERE),
        (not signs.lets_encrypt, Renewal.OFF),
        (is_near and signs.failed_recently, Renewal.FAILING),
        (is_near and not signs.is_overdue, Renewal.FINE),
        (is_near and not signs.worker_works, Renewal.WORKER_DOWN),
        (is_near, Renewal.JOB_LOST),
        (signs.failed, Renewal.FAILING),
    )
    return next((renewal for holds, renewal in rows if holds), Renewal.FINE)
