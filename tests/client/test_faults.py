"""Everything that the simulator can break, seen through the real client over real TLS."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from exporter.reasons import Reason
from exporter.simulator import Authority, Fault, SimulatedZone, Timing
from exporter.targets import AccessPath
from tests.support.polling import poll, reasons, target_at

# The proxy gives up on Onepanel before the client gives up on the proxy, as with the real ones.
_PACE = Timing(scale=0.0, connect_timeout_seconds=0.4, receive_timeout_seconds=0.4, latency_seconds=0.1)
# Where Onepanel is only slow with one answer, the client gives up first.
_PACES = {Fault.TABLE_LOCKED: replace(_PACE, receive_timeout_seconds=30.0)}
_TIMEOUT_SECONDS = 1.2

_OK = "ok"
_HEALTHY = {"configuration": _OK, "health": _OK}
_CONFIGURATION_HANGS = {"configuration": str(Reason.TIMEOUT), "health": _OK}
_LOSSY = {"configuration": str(Reason.CONNECTION_LOST), "health": _OK}
_UNHEALTHY = {"configuration": _OK, "health": str(Reason.UNHEALTHY)}
_DATABASE_DOWN = {"configuration": str(Reason.SERVER_ERROR), "health": str(Reason.UNHEALTHY)}


def _both(reason: Reason) -> dict[str, str]:
    return {"configuration": str(reason), "health": str(reason)}


# What each path answers: of the proxy, of direct.
ROWS: dict[Fault, tuple[dict[str, str], dict[str, str]]] = {
    Fault.WORKER_STOPPED: (_both(Reason.CONNECTION_REFUSED), _HEALTHY),
    Fault.WORKER_SILENT: (_both(Reason.TIMEOUT), _HEALTHY),
    Fault.PANEL_STOPPED: (_both(Reason.PROXY_UPSTREAM), _both(Reason.CONNECTION_REFUSED)),
    Fault.PANEL_FROZEN: (_both(Reason.PROXY_UPSTREAM), _both(Reason.TIMEOUT)),
    Fault.PANEL_SILENT: (_both(Reason.PROXY_UPSTREAM), _both(Reason.TIMEOUT)),
    Fault.HOST_DOWN: (_both(Reason.CONNECTION_REFUSED), _both(Reason.CONNECTION_REFUSED)),
    Fault.HOST_FROZEN: (_both(Reason.TIMEOUT), _both(Reason.TIMEOUT)),
    Fault.NEIGHBOUR_STOPPED: (_UNHEALTHY, _UNHEALTHY),
    Fault.NEIGHBOUR_FROZEN: (
        {"configuration": _OK, "health": str(Reason.PROXY_UPSTREAM)},
        {"configuration": _OK, "health": str(Reason.TIMEOUT)},
    ),
    Fault.DIRECT_CLOSED: (_HEALTHY, _both(Reason.CONNECTION_REFUSED)),
    Fault.LISTENER_FAILING: (_UNHEALTHY, _UNHEALTHY),
    Fault.BREAKER_OPEN: (_both(Reason.SERVICE_UNAVAILABLE), _both(Reason.SERVICE_UNAVAILABLE)),
    Fault.EXECUTOR_STUCK: (_HEALTHY, _HEALTHY),
    Fault.DATABASE_DOWN: (_DATABASE_DOWN, _DATABASE_DOWN),
    Fault.TABLE_LOCKED: (_CONFIGURATION_HANGS, _CONFIGURATION_HANGS),
    **dict.fromkeys(
        (
            Fault.TEMPORARY_FAILURE,
            Fault.INTERNAL_TIMEOUT,
            Fault.NO_CONNECTION_TO_ONEZONE,
            Fault.UNREGISTERED_ONEPROVIDER,
            Fault.LIMIT_REACHED,
        ),
        (_both(Reason.TEMPORARY_FAILURE), _both(Reason.TEMPORARY_FAILURE)),
    ),
    Fault.OLD_VERSION: (
        {"configuration": _OK, "health": str(Reason.NOT_FOUND)},
        {"configuration": _OK, "health": str(Reason.NOT_FOUND)},
    ),
    Fault.NOT_DEPLOYED: (_HEALTHY, _HEALTHY),
    Fault.LATENCY: (_HEALTHY, _HEALTHY),
    Fault.ELSEWHERE: (_HEALTHY, _HEALTHY),
    Fault.FOREIGN_PROXY: (_both(Reason.PROXY_UPSTREAM), _HEALTHY),
    Fault.PROXY_NOT_FOUND: (_both(Reason.NOT_FOUND), _HEALTHY),
    Fault.PROXY_LOGIN: (_both(Reason.UNAUTHORIZED), _HEALTHY),
    Fault.PROXY_REDIRECT: (_both(Reason.REDIRECT), _HEALTHY),
    Fault.DIRECT_FOREIGN: (_HEALTHY, _both(Reason.INVALID_BODY)),
    Fault.PROXY_CERTIFICATE_ENDING: (_HEALTHY, _HEALTHY),
    Fault.PROXY_CERTIFICATE_EXPIRED: (_both(Reason.CERTIFICATE_EXPIRED), _HEALTHY),
    Fault.PROXY_CERTIFICATE_NOT_YET_VALID: (_both(Reason.CERTIFICATE_NOT_YET_VALID), _HEALTHY),
    Fault.PROXY_CERTIFICATE_OTHER_NAME: (_both(Reason.CERTIFICATE_NAME_MISMATCH), _HEALTHY),
    Fault.PROXY_CERTIFICATE_UNTRUSTED: (_both(Reason.CERTIFICATE_UNTRUSTED), _HEALTHY),
    Fault.PROXY_ISSUER_EXPIRED: (_both(Reason.CERTIFICATE_ISSUER_EXPIRED), _HEALTHY),
    Fault.PROXY_CHAIN_INCOMPLETE: (_both(Reason.CERTIFICATE_CHAIN_INCOMPLETE), _HEALTHY),
    Fault.PROXY_CERTIFICATES_DIFFER: (_HEALTHY, _HEALTHY),
    Fault.CERTIFICATE_RENEWED: (_HEALTHY, _HEALTHY),
    Fault.DIRECT_CERTIFICATE_EXPIRED: (_both(Reason.PROXY_UPSTREAM), _both(Reason.CERTIFICATE_EXPIRED)),
    Fault.DIRECT_CERTIFICATE_NOT_YET_VALID: (
        _both(Reason.PROXY_UPSTREAM),
        _both(Reason.CERTIFICATE_NOT_YET_VALID),
    ),
    Fault.DIRECT_CERTIFICATE_OTHER_NAME: (_HEALTHY, _both(Reason.CERTIFICATE_NAME_MISMATCH)),
    Fault.DIRECT_CERTIFICATE_UNTRUSTED: (_both(Reason.PROXY_UPSTREAM), _both(Reason.CERTIFICATE_UNTRUSTED)),
    Fault.PROXY_PLAIN_HTTP: (_both(Reason.TLS_HANDSHAKE), _HEALTHY),
    Fault.PROXY_NOT_HTTP: (_both(Reason.INVALID_BODY), _HEALTHY),
    Fault.PROXY_WRONG_TYPE: (_both(Reason.INVALID_BODY), _HEALTHY),
    Fault.PROXY_INVALID_JSON: (_both(Reason.INVALID_BODY), _HEALTHY),
    Fault.PROXY_ENDLESS: (_both(Reason.TOO_LARGE), _HEALTHY),
    Fault.PROXY_TRUNCATED: (_both(Reason.CONNECTION_LOST), _HEALTHY),
    Fault.PROXY_RESET: (_both(Reason.CONNECTION_LOST), _HEALTHY),
    Fault.PROXY_LOSSY: (_LOSSY, _HEALTHY),
    Fault.DIRECT_LOSSY: (_HEALTHY, _LOSSY),
    Fault.PROXY_DRIP: (_both(Reason.TIMEOUT), _HEALTHY),
}


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.value)
async def test_each_fault_shows_its_reasons_on_both_paths_and_its_diagnosis(
    fault: Fault, authority: Authority, ca_file: Path
) -> None:
    proxy, direct = ROWS[fault]
    async with SimulatedZone(authority=authority, timing=_PACES.get(fault, _PACE)) as zone:
        await zone.set(fault, on=True)
        checkup = await poll(target_at(zone.proxy_url, zone.direct_url, ca_file, _TIMEOUT_SECONDS))
    assert reasons(checkup) == {AccessPath.PROXY: proxy, AccessPath.DIRECT: direct}
    assert checkup.diagnoses == {"": fault.diagnosis}


async def test_a_zone_without_fault_is_ok(authority: Authority, ca_file: Path) -> None:
    async with SimulatedZone(authority=authority, timing=_PACE) as zone:
        checkup = await poll(target_at(zone.proxy_url, zone.direct_url, ca_file))
    assert reasons(checkup) == dict.fromkeys(AccessPath, _HEALTHY)
    assert checkup.worst == "ok"
