"""`GET https://DOMAIN/nagios`: the worker's own report on the modules of every worker node.

The worker answers on 443, without credentials. If it does not answer and a credential may be shown,
Onepanel passes the same report on (`/SERVICE/nagios`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from exporter.metrics import Metric, Reading, Scope, only_state, state_set
from exporter.operations.limits import MAX_HOSTS, MAX_MODULES, Guarded, guard, hosts_named
from exporter.operations.operation import (
    API_ROOT,
    Cadence,
    Conversation,
    Known,
    Operation,
    Request,
    kind_is_known,
    known,
    send,
)
from exporter.operations.responses import Response, failure_of, sanitize
from exporter.reasons import Failure, Reason
from exporter.targets import AccessPath

MAX_BODY_BYTES = 1024 * 1024
_MAX_ELEMENTS = 10_000
_MODULE_DEPTH = 3
_NODE_ELEMENTS = frozenset({"oz_worker", "op_worker"})


class ReportStatus(StrEnum):
    """The status of a report, a node or a module; every text that begins with `error` is an error."""

    OK = "ok"
    OUT_OF_SYNC = "out_of_sync"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class WorkerReport(Guarded):
    """The overall status, and that of each module of each host. None where the report has no known word."""

    status: ReportStatus | None
    modules: Mapping[str, Mapping[str, ReportStatus]]

    @property
    def hosts(self) -> frozenset[str]:
        """Return the hosts that are reported on."""
        return frozenset(self.modules)


def read(answer: Response, before: frozenset[str] = frozenset()) -> WorkerReport | Failure:
    """Return the report in an XML answer, of any media type. `before` are hosts that are known already."""
    failure = failure_of(answer)
    if failure is not None:
        return failure
    try:
        return _from_elements(_elements(answer.body), before)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        return Failure(Reason.INVALID_BODY, sanitize(f"no worker report: {error}"))


class _Elements:
    """Depth, name and attributes of each element; ValueError for too many, or too deep ones."""

    def __init__(self) -> None:
        self.found: list[tuple[int, str, Mapping[str, str]]] = []
        self._depth = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Begin an element."""
        self._depth += 1
        if self._depth > _MODULE_DEPTH or len(self.found) >= _MAX_ELEMENTS:
            raise ValueError("too many elements, or too deeply nested")
        self.found.append((self._depth, name, attributes))

    def end(self, _name: str) -> None:
        """End an element."""
        self._depth -= 1

    def data(self, _text: str) -> None:
        """Leave out text between elements."""

    def close(self) -> None:
        """End the document."""


def _elements(body: bytes) -> list[tuple[int, str, Mapping[str, str]]]:
    # At once: in pieces, older versions of expat begin a long piece of markup again with each of them.
    elements = _Elements()
    parser = DefusedXMLParser(target=elements, forbid_dtd=True)
    parser.feed(body)
    parser.close()
    return elements.found


def _from_elements(
    elements: list[tuple[int, str, Mapping[str, str]]], before: frozenset[str]
) -> WorkerReport | Failure:
    if not elements or elements[0][1] != "healthdata":
        return Failure(Reason.INVALID_BODY, "the XML is no worker report: expected the element healthdata")
    nodes: dict[str, dict[str, str]] = {}
    modules: dict[str, str] | None = None
    for depth, name, attributes in elements[1:]:
        if depth < _MODULE_DEPTH:
            host = attributes.get("name", "").partition("@")[2] if name in _NODE_ELEMENTS else ""
            modules = nodes.setdefault(host, {}) if host else None
        elif modules is not None:
            modules[name] = attributes.get("status", "")
    return _guarded(_status(elements[0][2].get("status", "")), nodes, before)


def _guarded(
    status: ReportStatus | None, nodes: Mapping[str, Mapping[str, str]], before: frozenset[str]
) -> WorkerReport:
    by_host, dropped = guard(nodes.items(), MAX_HOSTS, before)
    names = {(name, None) for modules in by_host.values() for name in modules}
    allowed, refused = guard(names, MAX_MODULES)
    read_modules: dict[str, dict[str, ReportStatus]] = {}
    for host, modules in by_host.items():
        statuses = {sanitize(name): _status(word) for name, word in modules.items()}
        read_modules[host] = {
            name: found for name, found in statuses.items() if name in allowed and found is not None
        }
    return WorkerReport(status, read_modules, dropped=dropped + refused)


def _status(word: str) -> ReportStatus | None:
    """Return the known status in a word; None for one that no known version sends."""
    if word.startswith(ReportStatus.ERROR):
        return ReportStatus.ERROR
    return next((status for status in ReportStatus if status == word), None)


def _conversation(known_before: Known) -> Conversation[WorkerReport]:
    read_it = partial(read, before=hosts_named(known_before.learnt))
    report = yield from send(
        Request("/nagios", read_it, accept="*/*", max_body_bytes=MAX_BODY_BYTES, over=AccessPath.PROXY)
    )
    if isinstance(report, WorkerReport) or not (known_before.has_access and kind_is_known(known_before)):
        return report
    relayed = Request(
        f"{API_ROOT}/{known_before.service}/nagios",
        read_it,
        accept="*/*",
        max_body_bytes=MAX_BODY_BYTES,
        credentials=True,
        relayed=True,
    )
    return (yield from send(relayed))


def _modules(by_host: Mapping[str, Mapping[str, ReportStatus]]) -> Iterator[Reading]:
    for host, modules in by_host.items():
        for name, status in modules.items():
            yield state_set(status, host, name)


OPERATION: Operation[WorkerReport] = Operation(
    name="worker_report",
    summary="the worker's report on its modules, on every worker node",
    conversation=_conversation,
    cadence=Cadence.DETAILS,
    is_timed=True,
    metrics=(
        Metric(
            name="onedata_worker_status",
            help="Overall status in the worker's report.",
            scope=Scope.TARGET,
            see=known(WorkerReport, lambda facts: facts.status),
            read=only_state,
            labels=("status",),
        ),
        Metric(
            name="onedata_worker_module_status",
            help="Status of each module of each worker node, from the worker's report.",
            scope=Scope.TARGET,
            see=known(WorkerReport, lambda facts: facts.modules or None),
            read=_modules,
            labels=("host", "module", "status"),
        ),
    ),
)
