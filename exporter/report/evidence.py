"""The evidence of an incident: its first round and the round before, as plain values for JSON. Pure.

Everything is bounded: of a text the beginning is kept, of a list the first items.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict

from exporter.diagnosis.checkup import Checkup
from exporter.diagnosis.symptoms import SYMPTOM_MEANINGS
from exporter.observation import Connection, Transcript, Visit
from exporter.report.explanation import classify_exchange, reasoning
from exporter.targets import AccessPath, Route

_MOST_ITEMS = 8


def evidence(node: str, first: Checkup, before: Checkup | None) -> dict[str, object]:
    """Return what the first round of an incident saw of a node, and the round before; null if there was none."""
    has_before = before is not None and node in before.diagnoses
    return {
        "first_round": round_evidence(first, node),
        "round_before": round_evidence(before, node) if before and has_before else None,
    }


def reasons(checkup: Checkup, node: str) -> dict[str, str | None]:
    """Return the reason of each path to a node; None for a path without failure."""
    failures = {path: checkup.failure(Route(path, node)) for path in AccessPath}
    return {path.value: failure.reason.value if failure else None for path, failure in failures.items()}


def round_evidence(checkup: Checkup, node: str) -> dict[str, object]:
    """Return what one round saw of a node."""
    return {
        "finished_at": checkup.finished_at,
        "seconds": checkup.seconds,
        "diagnosis": checkup.diagnoses[node].value,
        "reasoning": list(reasoning(checkup, node)),
        "paths": {path.value: _path(checkup, Route(path, node)) for path in AccessPath},
    }


def _path(checkup: Checkup, route: Route) -> dict[str, object]:
    visit, symptom = checkup.visits.get(route), checkup.symptom(route)
    return {
        "origin": checkup.target.origin(route.path),
        "pinned_address": checkup.target.address(route.node),
        "expected": route.path in checkup.target.expected_paths,
        "symptom": symptom.value,
        "meaning": SYMPTOM_MEANINGS[symptom],
        "connections": [_connection(each) for each in (visit.connections if visit else ())[:_MOST_ITEMS]],
        "operations": list(_operations(visit)) if visit else [],
    }


def _connection(seen: Connection) -> dict[str, object]:
    return {
        "phases": {phase.value: seconds for phase, seconds in seen.phases.items()},
        "attempts": [asdict(each) for each in seen.attempts[:_MOST_ITEMS]],
        "address": seen.address,
        "addresses": seen.addresses,
        "chain": [asdict(each) for each in seen.chain[:_MOST_ITEMS]],
        "error": str(seen.failure or ""),
    }


def _operations(visit: Visit) -> Iterator[dict[str, object]]:
    for seen in visit.observations[:_MOST_ITEMS]:
        transcripts = [
            each for each in visit.transcripts if any(each.exchange is made for made in seen.exchanges)
        ]
        yield {
            "operation": seen.operation,
            "result": str(seen.failure or seen.not_learnt or "ok"),
            "exchanges": [_exchange(each) for each in _few(transcripts)],
        }


def _few(transcripts: Iterable[Transcript]) -> list[Transcript]:
    return list(transcripts)[:_MOST_ITEMS]


def _exchange(transcript: Transcript) -> dict[str, object]:
    exchange = transcript.exchange
    return {
        "method": transcript.method,
        "url": transcript.url,
        "status": exchange.status,
        "seconds": exchange.seconds,
        "request_head": _lines(transcript.request_head),
        "response_head": _lines(transcript.response_head),
        "body": _lines(transcript.body.decode("utf-8", "replace")),
        "body_bytes": exchange.body_bytes,
        "classification": classify_exchange(exchange),
    }


def _lines(text: str) -> str:
    """Return text that is fit for a terminal, a page and a ticket: control characters but line feeds are replaced."""
    return "".join(
        char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text
    )
