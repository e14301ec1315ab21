"""What the exporter keeps of foreign input, fed with new worst cases; run as a module it prints how memory grew.

Each feeder runs in a process of its own, forked from one that has imported everything.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from exporter import log
from exporter.certificates import parse_chain
from exporter.client.client import Client
from exporter.client.rejections import Rejections
from exporter.credentials import AuthMethod
from exporter.exposition.labels import escape, subject
from exporter.exposition.page import Exposition
from exporter.exposition.text_format import TextFormat
from exporter.exposition.views import ExporterView
from exporter.metrics import Scope
from exporter.observation import Transcript
from exporter.operations import TIMED_OPERATIONS, configuration, health, worker_report
from exporter.operations.limits import MAX_HOSTS
from exporter.operations.responses import Response
from exporter.operations.worker_report import WorkerReport
from exporter.polling.poller import Poller
from exporter.polling.rounds import Rounds
from exporter.reasons import Failure, Reason
from exporter.state.incidents import Incidents
from exporter.state.store import Store
from tests.support.checkups import make_checkup, make_details, make_target

ROUNDS = 100
_OFTEN = 100  # of what is small, in each round
_LONGEST_VALUE = 200
_LONGEST_DOMAIN = 253
_LONGEST_KEPT_BODY = 1000
# As many as a release has. More take the same way, and more time.
_MODULES = 15

Feed = Callable[[int], Coroutine[None, None, None]]


def _responses() -> Feed:
    async def feed(number: int) -> None:
        for index in range(_OFTEN):
            facts = {"serviceType": "onezone", "zoneName": f"{number:06}{index:06}"}
            body = json.dumps(facts).encode().ljust(_LONGEST_KEPT_BODY)
            configuration.read(Response(200, "application/json", body))
            # What is no answer of Onepanel is kept, too, by a media type of any length.
            health.read(Response(200, f"x/{number:06}{index:06}".ljust(_LONGEST_KEPT_BODY, "x"), b"{}"))

    return feed


def _certificates() -> Feed:
    issued = trustme.CA().issue_cert("a.example", organization_name="o" * 60, organization_unit_name="u" * 60)
    leaf = x509.load_pem_x509_certificate(issued.cert_chain_pems[0].bytes())
    der = leaf.public_bytes(Encoding.DER)
    length = (leaf.serial_number.bit_length() + 7) // 8
    serial = leaf.serial_number.to_bytes(length, "big")

    async def feed(number: int) -> None:
        for index in range(_OFTEN):
            other = serial[:4] + (number * _OFTEN + index).to_bytes(length - 4, "big")
            (parsed,) = parse_chain([der.replace(serial, other)], verified=False)
            assert parsed.shown.subject

    return feed


def _label_values() -> Feed:
    async def feed(number: int) -> None:
        for index in range(_OFTEN):
            name = f"{number:06}{index:06}"
            escape(name.ljust(_LONGEST_VALUE, "\N{SMILING FACE WITH SUNGLASSES}"))
            # Targets that were discovered have the names of domains, and some nodes.
            for node in ("", "node1", "node2", "node3"):
                subject(Scope.ROUTE.value, (name.ljust(_LONGEST_DOMAIN, "x"), "direct", node))

    return feed


def _rejections() -> Feed:
    now = [0.0]
    rejections = Rejections(lambda: now[0])
    failure = Failure(Reason.UNAUTHORIZED, "x" * _LONGEST_VALUE)

    async def feed(number: int) -> None:
        now[0] += 15.0  # a round
        credential = rejections.credential(make_target(), AuthMethod.TOKEN, f"{number}".ljust(60_000, "x"))
        rejections.note(credential, failure)

    return feed


def _report(number: int) -> WorkerReport:
    """A large report, with names that no other one has."""
    nodes = "".join(
        f'<oz_worker name="oz_worker@{number:06}-{host:03}.{"h" * 50}.example" status="error">'
        + "".join(f'<m{number:06}-{module:02}{"m" * 60} status="error"/>' for module in range(_MODULES))
        + "</oz_worker>"
        for host in range(MAX_HOSTS)
    )
    text = f'<healthdata status="error">{nodes}</healthdata>'
    report = worker_report.read(Response(200, "text/xml", text.encode()))
    assert isinstance(report, WorkerReport)
    return report


def _rounds() -> Feed:
    """History, incidents, events and pages of a target that changes in every round."""
    store, incidents = Store(TIMED_OPERATIONS, [1.0]), Incidents()
    target = make_target()
    store.set_targets([target])
    view = ExporterView(
        store=store,
        version="1",
        revision="",
        python_version="3",
        reload_successful=True,
        reloaded_at=0.0,
    )
    exposition = Exposition(lambda: view, lambda: 1000.0)

    async def feed(number: int) -> None:
        failure = Failure(Reason.CONNECTION_LOST, f"{number:06}".ljust(_LONGEST_VALUE, "x"))
        checkup = make_checkup(target, *((failure, failure) if number % 2 else ()))
        checkup = replace(
            checkup,
            visits={
                route: replace(
                    visit,
                    transcripts=tuple(
                        Transcript(
                            seen.last, "GET", target.url, "h" * 4000, f"{number:06}" * 600, b"b" * 2048
                        )
                        for seen in visit.observations
                    ),
                )
                for route, visit in checkup.visits.items()
            },
            finished_at=checkup.finished_at + 15.0 * number,
        )
        details = make_details(target)
        report = _report(number)
        details = replace(
            details,
            observations=tuple(
                replace(seen, outcome=report) if seen.operation == "worker_report" else seen
                for seen in details.observations
            ),
        )
        state = store.state(target.name)
        assert state is not None
        client = Client(lambda _where, error: sys.exit(f"a bug: {error!r}"))
        Poller(store, incidents, Rounds(client)).record(state, checkup)
        await client.close()
        store.record_details(target, details, 15.0 * number)
        async for _piece in exposition.page(TextFormat.CLASSIC, frozenset()):
            pass

    return feed


FEEDERS: dict[str, Callable[[], Feed]] = {
    "parsed responses": _responses,
    "certificates": _certificates,
    "label values": _label_values,
    "rejected credentials": _rejections,
    "history, incidents and pages": _rounds,
}


def _resident_mebibytes() -> float:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def _growth(make: Callable[[], Feed]) -> float:
    """Return how many mebibytes more are held after all rounds than after the first."""
    feed = make()
    await feed(0)
    before = _resident_mebibytes()
    for number in range(1, ROUNDS + 1):
        await feed(number)
    return _resident_mebibytes() - before


def main() -> None:
    """Print a line for each feeder: the growth, and its name."""
    log.configure("error", "logfmt")
    for name, make in FEEDERS.items():
        if os.fork() == 0:
            os.write(1, f"{asyncio.run(_growth(make)):.1f} {name}\n".encode())
            os._exit(0)
        os.wait()


if __name__ == "__main__":
    main()
