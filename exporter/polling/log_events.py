"""Log lines of polling: changes of diagnosis, rejected credentials, requests at debug level, unknown statuses."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime

from exporter.diagnosis.checkup import Checkup
from exporter.log import get_logger
from exporter.observation import Details, Observation
from exporter.operations.component_status import ComponentStatus
from exporter.reasons import Failure, Reason
from exporter.report.severity import Severity, severity_of
from exporter.settings.web_config import WebConfig
from exporter.state.target_state import DiagnosisChange, TargetState
from exporter.targets import AccessPath, Route, Target

log = get_logger()
_MAX_WORDS = 20
_LEVELS = {Severity.CRITICAL: logging.ERROR, Severity.WARNING: logging.WARNING}


def log_requests(target: Target, observations: Iterable[Observation]) -> None:
    """Log every request, at debug level."""
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
                result=str(exchange.failure or ("cut at the end of the round" if exchange.cut else "ok")),
            )


def log_change(change: DiagnosisChange, checkup: Checkup) -> None:
    """Log one line for a changed diagnosis: from, to, the reason, since when the new one holds, and each path's error.

    Its level follows the severity of the new diagnosis.
    """
    cause = checkup.cause(change.node)
    errors = {path: checkup.failure(Route(path, change.node)) for path in AccessPath}
    since = datetime.fromtimestamp(checkup.finished_at, UTC)
    log.log(
        _LEVELS.get(severity_of(change.after), logging.INFO),
        "diagnosis changed",
        **_labels(change.target, change.node),
        **{"from": change.before.value, "to": change.after.value},
        reason=cause.reason.value if cause else "none",
        since=since.isoformat(timespec="seconds"),
        **({} if change.lasted is None else {"lasted_seconds": round(change.lasted)}),
        **{path.value: str(error or "ok") for path, error in errors.items()},
    )


def log_rejections(state: TargetState, details: Details) -> None:
    """Log each rejected credential once, until it is accepted again."""
    for method, accepted in details.accepted.items():
        if accepted:
            state.rejections_logged.discard(method)
        elif method not in state.rejections_logged:
            state.rejections_logged.add(method)
            why = next((seen.failure for seen in details.observations if _rejects(seen.failure)), None)
            log.warning("credential rejected", target=state.target.name, method=method, error=str(why or ""))


def _rejects(failure: Failure | None) -> bool:
    return failure is not None and failure.reason in {Reason.UNAUTHORIZED, Reason.FORBIDDEN}


def log_unknown_statuses(state: TargetState, details: Details) -> None:
    """Log statuses that no version is known to report: each once, and only so many of each target."""
    for seen in details.observations:
        if isinstance(seen.outcome, ComponentStatus):
            room = _MAX_WORDS - len(state.words_logged)
            for word in sorted(seen.outcome.unrecognised - state.words_logged)[:room]:
                state.words_logged.add(word)
                log.warning("unknown status, shown as `unknown`", target=state.target.name, status=word)


def log_web_config(news: WebConfig | str) -> None:
    """Log that the changed web configuration is in use, with its warnings, or why the old one stays in use."""
    if isinstance(news, str):
        for fault in news.splitlines():
            log.error("web configuration rejected, the old one stays in use", fault=fault)
        return
    log.info("web configuration reloaded")
    for warning in news.warnings:
        log.warning("web configuration", warning=warning)


def log_history_fault(fault: str) -> None:
    """Log why the history is not in its file, or that it is again."""
    if fault:
        log.error("history file", fault=fault)
    else:
        log.info("history file is written again")


def _labels(target: Target, node: str) -> dict[str, str]:
    return {"target": target.name, **({"node": node} if node else {})}
