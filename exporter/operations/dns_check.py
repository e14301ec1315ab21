"""`GET /dns_check`: what Onepanel found when it last checked the DNS records of the cluster.

The server caches the result; a new check is never forced. 404 before deployment. Both parts are
absent when the cluster is configured with an IP address, and `dnsZone` is Onezone's only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from exporter.metrics import Metric, Reading, Scope, state_set
from exporter.operations.operation import Cadence, Operation, ask, known, with_credentials
from exporter.operations.outcome import Facts
from exporter.operations.responses import Response, read_object
from exporter.operations.timestamps import read_timestamp
from exporter.reasons import Failure

_CHECKS = {"domain": "domain", "dnsZone": "dns_zone"}


class DnsStatus(StrEnum):
    """The result of a check; a word that no known version sends is `unknown`."""

    OK = "ok"
    UNRESOLVABLE = "unresolvable"
    MISSING_RECORDS = "missing_records"
    BAD_RECORDS = "bad_records"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DnsCheck(Facts):
    """The status of each check that was made, and when (seconds since the epoch, None if not reported)."""

    statuses: Mapping[str, DnsStatus]
    checked_at: float | None


def read(answer: Response) -> DnsCheck | Failure:
    """Return the facts of a 200 answer."""
    body = read_object(answer)
    if isinstance(body, Failure):
        return body
    by_word = {status.value: status for status in DnsStatus}
    found = {check: body[key] for key, check in _CHECKS.items() if isinstance(body.get(key), dict)}
    statuses = {
        check: by_word.get(str(each.get("summary")), DnsStatus.UNKNOWN) for check, each in found.items()
    }
    return DnsCheck(statuses, read_timestamp(body.get("timestamp")))


def _statuses(statuses: Mapping[str, DnsStatus]) -> Iterator[Reading]:
    for check, status in statuses.items():
        yield state_set(status, check)


OPERATION: Operation[DnsCheck] = Operation(
    name="dns_check",
    summary="Onepanel's check of the cluster's DNS records",
    conversation=ask("/dns_check", read, credentials=True),
    cadence=Cadence.DETAILS,
    needs_credentials=True,
    applies=with_credentials,
    metrics=(
        Metric(
            name="onedata_dns_check_status",
            help="Result of Onepanel's check of the DNS records, of the domain and of the DNS zone.",
            scope=Scope.TARGET,
            see=known(DnsCheck, lambda facts: facts.statuses or None),
            read=_statuses,
            labels=("check", "status"),
        ),
        Metric(
            name="onedata_dns_check_timestamp_seconds",
            help="When Onepanel checked the DNS records.",
            scope=Scope.TARGET,
            see=known(DnsCheck, lambda facts: facts.checked_at),
        ),
    ),
)
