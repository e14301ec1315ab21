"""What is worth a line in the log: changes of diagnosis, requests at debug level, unknown words once."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime

from exporter.diagnosis.checkup import Checkup
from exporter.diagnosis.rules import Diagnosis
from exporter.log import get_logger
from exporter.observation import Details, Observation
from exporter.operations.component_status import ComponentStatus
from exporter.reasons import CERTIFICATE_REASONS, Failure, Reason
from exporter.state.store import DiagnosisChange, TargetState
from exporter.targets import AccessPath, Route, Target

log = get_logger()
_MAX_WORDS = 20
_OF_CERTIFICATES = CERTIFICATE_REASONS | {Reason.TLS_HANDSHAKE}


def log_requests(target: Target, observations: Iterable[Observation]) -> None:
    """Every request, at debug level."""
    if not log.is_enabled_for(logging.DEBUG):
        return
    for seen in observations:
        for exchange in seen.exchanges:
            log.debug(
                "request",
                **_labels(target, exchange.route.node),
                path=exchange.route.path.value,
                operation=seen.operation,
                status=exchange.status,
                seconds=None if exchange.seconds is None else round(exchange.seconds, 6),
                result=str(exchange.failure or "ok"),
            )


def log_change(change: DiagnosisChange, checkup: Checkup) -> None:
    """One line when a diagnosis changed: from, to, why (what each path said), and since when the old one held."""
    failures = {path: checkup.failure(Route(path, change.node)) for path in AccessPath}
    since = datetime.fromtimestamp(checkup.finished_at - (change.lasted or 0), UTC)
    log.info(
        "diagnosis changed",
        **_labels(change.target, change.node),
        **{"from": change.before.value, "to": change.after.value},
        reason=_blamed(change.after, failures.values()),
        since=since.isoformat(timespec="seconds"),
        **{path.value: str(failure or "ok") for path, failure in failures.items()},
    )


def log_unknown_statuses(state: TargetState, details: Details) -> None:
    """Words of the server that we do not know, each of them once, and only so many of each target."""
    for seen in details.observations:
        if isinstance(seen.outcome, ComponentStatus):
            room = _MAX_WORDS - len(state.words_logged)
            for word in sorted(seen.outcome.unrecognised - state.words_logged)[:room]:
                state.words_logged.add(word)
                log.warning("unknown status, shown as `unknown`", target=state.target.name, status=word)


def log_web_config(why_not: str) -> None:
    """The web configuration has changed; empty: it is in use, else why the old one stays."""
    if not why_not:
        log.info("web configuration reloaded")
        return
    for fault in why_not.splitlines():
        log.error("web configuration refused, the old one stays in use", fault=fault)


def _blamed(diagnosis: Diagnosis, failures: Iterable[Failure | None]) -> str:
    """The reason of the first path that fails; but a refused certificate is never blamed on what follows from it.

    For `ok` there is none, though a path that need not work, or an old Onepanel without `health`, may fail.
    """
    reasons = [failure.reason for failure in failures if failure and diagnosis is not Diagnosis.OK]
    if diagnosis is Diagnosis.CERTIFICATE:
        reasons.sort(key=lambda reason: reason not in _OF_CERTIFICATES)
    return reasons[0].value if reasons else "none"


def _labels(target: Target, node: str) -> dict[str, str]:
    return {"target": target.name, **({"node": node} if node else {})}
