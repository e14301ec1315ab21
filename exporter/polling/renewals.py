"""A renewal of the certificate: a note in the history, and no incident if the listeners only restarted for it."""

from __future__ import annotations

from exporter.diagnosis.checkup import Checkup
from exporter.diagnosis.rules import Diagnosis
from exporter.diagnosis.served import Sighting, renewed
from exporter.polling.log_events import log
from exporter.report.formatting import timestamp
from exporter.state.events import Event
from exporter.state.incidents import Brief, Incidents
from exporter.state.target_state import TargetState
from exporter.targets import Route

# A renewal restarts the worker's listener, and Onepanel's 5 s later.
_LEAST_SECONDS, _LEAST_INTERVALS = 120.0, 2
_RESTARTS = frozenset(
    diagnosis.value
    for diagnosis in (
        Diagnosis.UNREACHABLE,
        Diagnosis.PROXY_DOWN,
        Diagnosis.PROXY_BROKEN,
        Diagnosis.PANEL_DOWN,
        Diagnosis.DIRECT_DOWN,
    )
)


def note(state: TargetState, incidents: Incidents, checkup: Checkup) -> None:
    """Note each node whose paths all serve a new certificate since this round."""
    seconds = max(_LEAST_SECONDS, _LEAST_INTERVALS * checkup.target.schedule.interval)
    for node, diagnosis in checkup.diagnoses.items():
        routes = [Route(path, node) for path in checkup.target.expected_paths]
        sighting = renewed(checkup.served, routes, checkup.finished_at)
        if sighting is None:
            continue
        began = None
        if diagnosis is Diagnosis.OK:
            brief = Brief(seconds, _RESTARTS)
            began = incidents.withdraw(checkup.target.name, node, checkup.finished_at, brief)
        text = _text(sighting, None if began is None else checkup.finished_at - began)
        state.events.add(Event(checkup.finished_at, node, text))
        named = {"node": node} if node else {}
        log.info("certificate renewed", target=checkup.target.name, **named, note=text)


def _text(sighting: Sighting, seconds: float | None) -> str:
    certificate = sighting.certificate
    until = f"valid until {timestamp(certificate.not_after)}, SHA-256 {certificate.fingerprint_sha256[:16]}…"
    restarted = "" if seconds is None else f"; the listeners restarted within {seconds:.0f} s"
    return f"certificate renewed ({until}){restarted}"
