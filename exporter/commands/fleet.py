"""`fleet`: one round of a zone and of its Oneproviders, as a table."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace

from exporter import log
from exporter.commands.discovered import NoListError, list_providers
from exporter.commands.fleet_table import Row, write_table
from exporter.commands.target_selection import select_target
from exporter.credentials import Auth
from exporter.diagnosis.checkup import CONFIGURATION, Checkup
from exporter.diagnosis.rules import Diagnosis
from exporter.discovery.admission import Admission, admit
from exporter.discovery.membership import Membership
from exporter.discovery.zone_view import ZoneView, with_list
from exporter.operations import zone_connectivity
from exporter.operations.configuration import Configuration
from exporter.operations.zone_connectivity import ZoneConnectivity
from exporter.polling.rounds import FreshRounds
from exporter.report.severity import SEVERITIES, Severity, worst
from exporter.settings.errors import ConfigurationError
from exporter.targets import AccessPath, Discovery, Route, Target

_ROUNDS_AT_ONCE = 10
_SECONDS_PER_DAY = 86_400


def run(arguments: argparse.Namespace) -> int:
    """Print the federation of a zone. 0: all ok; 1: a warning; 2: critical; 3: the zone lists no providers."""
    log.configure("error", "logfmt")
    is_url = "://" in arguments.subject
    try:
        zone = select_target(
            arguments,
            name=None if is_url else arguments.subject,
            url=arguments.subject if is_url else None,
        )
        rows, severity = asyncio.run(_fleet(zone, arguments.deadline))
    except (ConfigurationError, NoListError) as error:
        print(error, file=sys.stderr)
        return Severity.UNKNOWN.exit_code
    if arguments.format == "json":
        print(json.dumps({"zone": zone.name, "clusters": [asdict(row) for row in rows]}, indent=2))
    else:
        print(write_table(rows), end="")
    return severity.exit_code


async def _fleet(zone: Target, seconds: float) -> tuple[list[Row], Severity]:
    began = time.perf_counter()
    discovery = zone.discovery or without_credentials(zone)
    zone = replace(zone, discovery=discovery)
    listing = await list_providers(zone, discovery, seconds)
    view = with_list(ZoneView(), listing.providers, listing.total, time.time())
    admitted = admit(zone, view.providers.values(), [zone])
    view = replace(view, admissions=admitted.admissions)
    checkups = await _rounds([zone, *admitted.targets], began + seconds - time.perf_counter())
    of_zone = checkups[zone.name]
    rows = [_row(of_zone, Membership(), "")]
    for admission in admitted.admissions:
        membership = Membership(of_zone, zone.name, view, admission.provider.provider_id)
        checkup = checkups.get(admission.target)
        rows.append(_row(checkup, membership, admission.why) if checkup else _unpolled(admission))
    return rows, worst(SEVERITIES[Diagnosis][each.worst] for each in checkups.values())


def without_credentials(zone: Target) -> Discovery:
    """Return how to poll what a zone lists: like the zone, but no host of a list ever gets the zone's secrets."""
    return Discovery(template=replace(zone, auth=Auth(), nodes=(), discovery=None, labels=()))


async def _rounds(targets: Sequence[Target], seconds: float) -> dict[str, Checkup]:
    """Take one round of each target, a few at once, all within `seconds`."""
    rounds = FreshRounds(log.report_bug)
    slots = asyncio.Semaphore(_ROUNDS_AT_ONCE)
    deadline = time.perf_counter() + seconds

    async def take(target: Target) -> Checkup:
        async with slots:
            left = max(deadline - time.perf_counter(), target.schedule.timeout)
            return (await rounds.take(target, left)).checkup

    try:
        checkups = await asyncio.gather(*map(take, targets))
    finally:
        await rounds.close()
    return {target.name: checkup for target, checkup in zip(targets, checkups, strict=True)}


def _row(checkup: Checkup, membership: Membership, note: str) -> Row:
    target, facts = checkup.target, checkup.facts(CONFIGURATION)
    own = checkup.facts(zone_connectivity.OPERATION.name)
    provider = membership.provider
    return Row(
        name=(provider.name if provider else "") or target.name,
        domain=target.domain,
        version=facts.version if isinstance(facts, Configuration) else "",
        compatible=membership.compatible(checkup),
        online=provider.online if provider else None,
        connected=own.connected if isinstance(own, ZoneConnectivity) else None,
        diagnosis=checkup.worst.value,
        proxy=_is_up(checkup, AccessPath.PROXY),
        direct=_is_up(checkup, AccessPath.DIRECT),
        certificate_days=_days_left(checkup),
        note=note,
    )


def _unpolled(admission: Admission) -> Row:
    provider = admission.provider
    return Row(
        name=provider.name or provider.provider_id,
        domain=provider.domain,
        version=provider.version,
        compatible=None,
        online=provider.online,
        connected=None,
        diagnosis="",
        proxy=None,
        direct=None,
        certificate_days=None,
        note=f"{admission.state}: {admission.why}",
    )


def _is_up(checkup: Checkup, path: AccessPath) -> bool:
    return any(checkup.onepanel_answered(Route(path, node)) for node in checkup.node_names)


def _days_left(checkup: Checkup) -> int | None:
    connections = (checkup.connection(route) for route in checkup.routes)
    ends = [each.certificate.not_after for each in connections if each and each.certificate]
    return int((min(ends) - time.time()) // _SECONDS_PER_DAY) if ends else None
