"""How a round came to its diagnosis: every exchange, the certificates, and the reasoning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from exporter.diagnosis.checkup import Checkup
from exporter.diagnosis.conclusion import pair
from exporter.diagnosis.rules import RULES
from exporter.diagnosis.symptoms import SYMPTOM_MEANINGS
from exporter.observation import Exchange, Trace
from exporter.reasons import Failure, Reason
from exporter.report.formatting import milliseconds, timestamp

_ANSWERS = {None: "not known", True: "yes", False: "no"}


def explain(checkup: Checkup, traces: Sequence[Trace]) -> str:
    """Return the explanation as text, ending with a line feed."""
    lines = ["explanation", ""]
    for trace in traces:
        lines += [*_exchange(trace), ""]
    for node in checkup.node_names:
        lines += [*reasoning(checkup, node), ""]
    return "\n".join(lines)


def list_exchanges(traces: Sequence[Trace]) -> list[dict[str, object]]:
    """Return the same exchanges for JSON. `chain` is null if the connection was open before, or had no certificate."""
    return [
        {
            "path": trace.exchange.route.path,
            "node": trace.exchange.route.node,
            "method": trace.method,
            "url": trace.url,
            "status": trace.exchange.status,
            "seconds": trace.exchange.seconds,
            "body_bytes": trace.exchange.body_bytes,
            "request_headers": trace.request_headers,
            "response_headers": trace.response_headers,
            "new_connection": trace.opened,
            "attempts": [asdict(each) for each in trace.attempts],
            "chain": None if trace.chain is None else [asdict(each) for each in trace.chain],
            "error": str(trace.exchange.failure or ""),
            "classification": classify(trace),
        }
        for trace in traces
    ]


def classify(trace: Trace) -> str:
    """Return which component answered, and how the response was classified."""
    return classify_exchange(trace.exchange)


def classify_exchange(exchange: Exchange) -> str:
    """Return the same for an exchange without its headers."""
    failure = exchange.failure
    if exchange.cut:
        return "nothing: the round ended before the whole timeout of the request"
    if failure is None:
        return "success: the answer has the expected form"
    if exchange.status == 0:
        return f"{failure.reason}: {failure.reason.meaning}"
    return f"{failure.reason}: {_speaker(failure, exchange.body_bytes)}; {failure.reason.meaning}"


def _speaker(failure: Failure, body_bytes: int) -> str:
    if failure.reason is Reason.WORKER_UNREACHABLE:
        return "an empty report, so Onepanel answers in place of the worker"
    if failure.from_onepanel:
        return f"Onepanel itself answered, as its error id shows ({failure.error_id})"
    if failure.reason is Reason.PROXY_UPSTREAM:
        kind = "the body is empty" if body_bytes == 0 else "the body is not Onepanel's JSON error"
        return f"{kind}, so a proxy answered, not Onepanel"
    return "the body is not Onepanel's JSON error, so nothing shows that Onepanel answered"


def _exchange(trace: Trace) -> Iterator[str]:
    exchange, route = trace.exchange, trace.exchange.route
    node = f" to {route.node}" if route.node else ""
    yield f"{route.path}{node}: {trace.method} {trace.url}"
    yield from (f"  > {name}: {value}" for name, value in trace.request_headers)
    yield from (f"  * {each.address} {each.error or 'is connected'}" for each in trace.attempts)
    yield from _chain(trace)
    if exchange.status:
        took = "" if exchange.seconds is None else f", in {milliseconds(exchange.seconds)}"
        yield f"  < HTTP {exchange.status}, {exchange.body_bytes} bytes{took}"
    yield from (f"  < {name}: {value}" for name, value in trace.response_headers)
    if exchange.failure is not None and exchange.failure.detail:
        yield f"  = {exchange.failure.detail}"
    yield f"  = {classify(trace)}"


def _chain(trace: Trace) -> Iterator[str]:
    if not trace.opened:
        yield "  * over the connection that was open"
        return
    if not trace.chain:
        yield "  * a new connection; no certificate was shown"
        return
    verified = "verified" if trace.chain[0].verified else "NOT verified"
    yield f"  * a new connection; certificates served ({verified}):"
    for number, certificate in enumerate(trace.chain):
        yield f"    {number}: subject {certificate.subject}"
        yield f"       issuer  {certificate.issuer}"
        yield f"       valid   {timestamp(certificate.not_before)} to {timestamp(certificate.not_after)}"


def reasoning(checkup: Checkup, node: str) -> Iterator[str]:
    """Yield how a round came to the diagnosis of a node, line by line."""
    seen = pair(checkup, node)
    yield f"diagnosis of {node or checkup.target.name}"
    for label, shown in (("proxy", seen.proxy), ("direct", seen.direct)):
        yield f"  {label} showed {shown}: {SYMPTOM_MEANINGS[shown]}"
    yield f"  expected to work: {', '.join(sorted(seen.expected))}"
    yield f"  both paths lead to the same cluster and version: {_ANSWERS[seen.agree]}"
    yield f"  deployed: {_ANSWERS[seen.deployed]}"
    if seen.zone_connected is not None:
        yield f"  connected to its zone: {_ANSWERS[seen.zone_connected]}"
    if seen.waits_for_neighbour:
        yield "  another node has vanished, so that this one's Onepanel may hang for a round or two"
    diagnosis = checkup.diagnoses[node]
    number = next(index for index, rule in enumerate(RULES, 1) if rule.diagnosis is diagnosis)
    yield f"  so of the {len(RULES)} rules the first that holds is number {number}: {diagnosis}"
