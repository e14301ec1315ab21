"""Everything that the simulator can break, seen through the real client over real TLS."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.reasons import Reason
from exporter.simulator import Authority, Pace, SimulatedZone, Trouble
from exporter.targets import AccessPath
from tests.support.looking import look, reasons, target_at

# The proxy gives up on Onepanel before the client gives up on the proxy, as with the real ones.
_PACE = Pace(scale=0.0, connect_timeout_seconds=0.4, receive_timeout_seconds=0.4, latency_seconds=0.1)
_TIMEOUT_SECONDS = 1.2

_OK = "ok"
_HEALTHY = {"configuration": _OK, "health": _OK}


def _both(reason: Reason) -> dict[str, str]:
    return {"configuration": str(reason), "health": str(reason)}


# What each path answers: of the proxy, of direct.
ROWS: dict[Trouble, tuple[dict[str, str], dict[str, str]]] = {
    Trouble.WORKER_STOPPED: (_both(Reason.CONNECTION_REFUSED), _HEALTHY),
    Trouble.WORKER_SILENT: (_both(Reason.TIMEOUT), _HEALTHY),
    Trouble.PANEL_STOPPED: (_both(Reason.PROXY_UPSTREAM), _both(Reason.CONNECTION_REFUSED)),
    Trouble.PANEL_FROZEN: (_both(Reason.PROXY_UPSTREAM), _both(Reason.TIMEOUT)),
    Trouble.PANEL_SILENT: (_both(Reason.PROXY_UPSTREAM), _both(Reason.TIMEOUT)),
    Trouble.HOST_DOWN: (_both(Reason.CONNECTION_REFUSED), _both(Reason.CONNECTION_REFUSED)),
    Trouble.DIRECT_CLOSED: (_HEALTHY, _both(Reason.CONNECTION_REFUSED)),
    Trouble.LISTENER_SICK: (
        {"configuration": _OK, "health": str(Reason.UNHEALTHY)},
        {"configuration": _OK, "health": str(Reason.UNHEALTHY)},
    ),
    Trouble.BREAKER_OPEN: (_both(Reason.SERVICE_UNAVAILABLE), _both(Reason.SERVICE_UNAVAILABLE)),
    Trouble.DATABASE_DOWN: (_both(Reason.UNAUTHORIZED), _both(Reason.UNAUTHORIZED)),
    Trouble.OLD_VERSION: (
        {"configuration": _OK, "health": str(Reason.NOT_FOUND)},
        {"configuration": _OK, "health": str(Reason.NOT_FOUND)},
    ),
    Trouble.NOT_DEPLOYED: (_HEALTHY, _HEALTHY),
    Trouble.LATENCY: (_HEALTHY, _HEALTHY),
    Trouble.ELSEWHERE: (_HEALTHY, _HEALTHY),
    Trouble.FOREIGN_PROXY: (_both(Reason.PROXY_UPSTREAM), _HEALTHY),
    Trouble.PROXY_NOT_FOUND: (_both(Reason.NOT_FOUND), _HEALTHY),
    Trouble.PROXY_LOGIN: (_both(Reason.UNAUTHORIZED), _HEALTHY),
    Trouble.PROXY_REDIRECT: (_both(Reason.REDIRECT), _HEALTHY),
    Trouble.DIRECT_FOREIGN: (_HEALTHY, _both(Reason.INVALID_BODY)),
    Trouble.PROXY_CERTIFICATE_ENDING: (_HEALTHY, _HEALTHY),
    Trouble.PROXY_CERTIFICATE_EXPIRED: (_both(Reason.CERTIFICATE_EXPIRED), _HEALTHY),
    Trouble.PROXY_CERTIFICATE_NOT_YET_VALID: (_both(Reason.CERTIFICATE_NOT_YET_VALID), _HEALTHY),
    Trouble.PROXY_CERTIFICATE_OTHER_NAME: (_both(Reason.CERTIFICATE_NAME_MISMATCH), _HEALTHY),
    Trouble.PROXY_CERTIFICATE_UNTRUSTED: (_both(Reason.CERTIFICATE_UNTRUSTED), _HEALTHY),
    Trouble.DIRECT_CERTIFICATE_EXPIRED: (_both(Reason.PROXY_UPSTREAM), _both(Reason.CERTIFICATE_EXPIRED)),
    Trouble.DIRECT_CERTIFICATE_NOT_YET_VALID: (
        _both(Reason.PROXY_UPSTREAM),
        _both(Reason.CERTIFICATE_NOT_YET_VALID),
    ),
    Trouble.DIRECT_CERTIFICATE_OTHER_NAME: (_HEALTHY, _both(Reason.CERTIFICATE_NAME_MISMATCH)),
    Trouble.DIRECT_CERTIFICATE_UNTRUSTED: (_both(Reason.PROXY_UPSTREAM), _both(Reason.CERTIFICATE_UNTRUSTED)),
    Trouble.PROXY_PLAIN_HTTP: (_both(Reason.TLS_HANDSHAKE), _HEALTHY),
    Trouble.PROXY_NOT_HTTP: (_both(Reason.INVALID_BODY), _HEALTHY),
    Trouble.PROXY_WRONG_TYPE: (_both(Reason.INVALID_BODY), _HEALTHY),
    Trouble.PROXY_INVALID_JSON: (_both(Reason.INVALID_BODY), _HEALTHY),
    Trouble.PROXY_ENDLESS: (_both(Reason.TOO_LARGE), _HEALTHY),
    Trouble.PROXY_TRUNCATED: (_both(Reason.CONNECTION_LOST), _HEALTHY),
    Trouble.PROXY_RESET: (_both(Reason.CONNECTION_LOST), _HEALTHY),
    Trouble.PROXY_DRIP: (_both(Reason.TIMEOUT), _HEALTHY),
}


@pytest.mark.parametrize("trouble", Trouble, ids=lambda trouble: trouble.value)
async def test_each_trouble_shows_its_reasons_on_both_paths_and_its_diagnosis(
    trouble: Trouble, authority: Authority, ca_file: Path
) -> None:
    proxy, direct = ROWS[trouble]
    async with SimulatedZone(authority=authority, pace=_PACE) as zone:
        await zone.set(trouble, on=True)
        checkup = await look(target_at(zone.proxy_url, zone.direct_url, ca_file, _TIMEOUT_SECONDS))
    assert reasons(checkup) == {AccessPath.PROXY: proxy, AccessPath.DIRECT: direct}
    assert checkup.diagnoses == {"": trouble.diagnosis}


async def test_a_zone_without_troubles_is_ok(authority: Authority, ca_file: Path) -> None:
    async with SimulatedZone(authority=authority, pace=_PACE) as zone:
        checkup = await look(target_at(zone.proxy_url, zone.direct_url, ca_file))
    assert reasons(checkup) == dict.fromkeys(AccessPath, _HEALTHY)
    assert checkup.worst == "ok"
