"""Certificates of every usual lifetime, not renewed: how long before the end the alerts come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.alerts.cases.case import HEALTHY
from tests.alerts.cases.certificates import DAY_SECONDS, HOUR_MINUTES, certificate
from tests.alerts.scenes import STEP_MINUTES, Scene, only
from tests.alerts.timeline import Shape, series

_ALERT = "OnedataCertificateRenewalOverdue"
_NAME = "onedata_tls_certificate_not_{}_timestamp_seconds"

# By lifetime in days, the hours that are left when the first warning comes: a day after the remaining time fell
# below a third of the lifetime, or 28 days.
FIRST_WARNING_HOURS = {6: 24, 45: 336, 64: 488, 90: 648, 397: 648}
# The same for the critical alert: a quarter of an hour after a tenth of the lifetime, or 7 days.
FIRST_CRITICAL_HOURS = {6: 14.15, 45: 107.75, 64: 153.35, 90: 167.75, 397: 167.75}


def lifetimes() -> Iterator[dict[str, Any]]:
    """Return the tests whose step is an hour: the warnings."""
    for days, hours in FIRST_WARNING_HOURS.items():
        at = 26 * HOUR_MINUTES
        scene = Scene(
            f"A certificate of {days} days, not renewed: warning when {hours} hours are left",
            {**HEALTHY, **certificate(days, (hours + 25.5) / 24, "proxy")},
            at,
            HOUR_MINUTES,
        )
        yield scene.test(promql_expr_test=[only(at - HOUR_MINUTES), only(at, _ALERT, "warning")])
    hours_of_week = [24.0 * day for day in range(1, 8)]
    scene = Scene(
        "A certificate of six days, renewed at half of its lifetime: never a warning",
        {**HEALTHY, **_renewed_every(3)},
        hours_of_week[-1] * HOUR_MINUTES,
        HOUR_MINUTES,
    )
    yield scene.test(promql_expr_test=[only(hour * HOUR_MINUTES) for hour in hours_of_week])


def lifetimes_in_minutes() -> Iterator[dict[str, Any]]:
    """Return the tests whose step is short: the critical alerts, and certificates that are served in turn."""
    for days, hours in FIRST_CRITICAL_HOURS.items():
        at = 20.5
        scene = Scene(
            f"A certificate of {days} days, not renewed: critical when {hours} hours are left",
            {**HEALTHY, **certificate(days, (hours + 20 / 60) / 24, "proxy")},
            at,
            STEP_MINUTES,
        )
        yield scene.test(promql_expr_test=[only(at - STEP_MINUTES), only(at, _ALERT, "critical")])
    scene = Scene(
        "3 and 90 days are served in turn: the alert fires", {**HEALTHY, **_in_turn()}, 30, STEP_MINUTES
    )
    yield scene.test(
        promql_expr_test=[only(14.5), only(15, _ALERT, "critical"), only(30, _ALERT, "critical")]
    )


def _renewed_every(days: int) -> Mapping[str, Shape]:
    """Return a certificate of six days that is renewed so often."""

    def end(minutes: float) -> float:
        return (minutes // (days * 24 * HOUR_MINUTES) * days + 6) * DAY_SECONDS

    return {
        series(_NAME.format("after"), path="proxy"): end,
        series(_NAME.format("before"), path="proxy"): lambda minutes: end(minutes) - 6 * DAY_SECONDS,
    }


def _in_turn() -> Mapping[str, Shape]:
    """Return the certificates of two nodes behind one name, one of which was left out of the renewal."""

    def of_old_node(minutes: float) -> bool:
        return minutes % 1 == 0

    return {
        series(_NAME.format("after"), path="proxy"): lambda at: (3 if of_old_node(at) else 90) * DAY_SECONDS,
        series(_NAME.format("before"), path="proxy"): lambda at: (
            (-87 if of_old_node(at) else 0) * DAY_SECONDS
        ),
    }
