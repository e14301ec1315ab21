"""Paths that work, but not well."""

from __future__ import annotations

from tests.alerts.cases.case import OWN, Case
from tests.alerts.timeline import ONSET_MINUTES, Shape, always, series, turns


def _requests(seconds: float) -> dict[str, Shape]:
    """Four `configuration` requests a minute over the proxy, each taking so long from the onset on."""
    name = "onedata_onepanel_request_duration_seconds"
    labels = {"path": "proxy", "operation": "configuration"}

    def below(bound: float) -> Shape:
        return lambda minutes: 4 * (minutes if seconds <= bound else min(minutes, ONSET_MINUTES))

    bounds = {"0.1": 0.1, "1": 1.0, "2.5": 2.5, "+Inf": float("inf")}
    buckets = {series(f"{name}_bucket", le=text, **labels): below(bound) for text, bound in bounds.items()}
    return {**buckets, series(f"{name}_count", **labels): lambda minutes: 4 * minutes}


QUALITY = (
    Case(
        alert="OnedataPathFlapping",
        severity="warning",
        after=20,
        # Down for every other three minutes from the onset on: the sixth change is a quarter of an hour later.
        changes={
            series("onedata_onepanel_up", path="direct"): lambda minutes: float(
                minutes < ONSET_MINUTES or (minutes - ONSET_MINUTES) % 6 >= 3
            )
        },
        labels={**OWN, "path": "direct"},
        summary="The direct path of krakow fails and recovers repeatedly",
        description="The direct path of krakow changed 7 times in 30m. First step: check the reasons on the "
        "dashboard. If a service restarts repeatedly, read its log.",
        path="direct",
        gone_after=None,
        late_by_holes=1.0,
    ),
    Case(
        alert="OnedataProxySlow",
        severity="warning",
        after=10.5,
        changes=_requests(2.0),
        elsewhere=_requests(0.05),
        labels=OWN,
        summary="The proxy path of krakow is slow",
        description="One in twenty requests over the proxy path of krakow takes more than 2.425s. First step: "
        "compare with the direct path. If it is slow too, check Onepanel, otherwise the worker.",
        path="proxy",
        gone_after=None,
        late_by_holes=1.5,
    ),
    Case(
        alert="OnedataOverheadHigh",
        severity="warning",
        after=15.5,
        changes={series("onedata_proxy_overhead_seconds"): turns(0.05, 0.5), **_requests(0.05)},
        elsewhere={series("onedata_proxy_overhead_seconds"): always(0.05), **_requests(0.05)},
        labels=OWN,
        summary="The proxy path of krakow adds latency",
        description="The proxy path of krakow takes 500ms longer than the direct one. "
        "First step: check the load of the worker, which forwards every request.",
        path="proxy",
        gone_after=None,
        late_by_holes=0.5,
    ),
)

_BURN = {**OWN, "path": "proxy"}
_UP = {series("onedata_onepanel_up", path="proxy"): always(1)}


def _down_for(minutes_down: int, every: int) -> dict[str, Shape]:
    """The proxy path is down for so many minutes, again and again."""
    return {
        series("onedata_onepanel_up", path="proxy"): lambda minutes: float(minutes % every >= minutes_down)
    }


AVAILABILITY = (
    Case(
        alert="OnedataAvailabilityBudgetBurn",
        severity="critical",
        after=37,
        changes=_down_for(4, every=40),
        elsewhere=_UP,
        labels=_BURN,
        summary="The proxy path of krakow fails too often",
        description="The proxy path of krakow was unavailable 15.29% of the time; "
        "the objective over 30 days is an availability of 0.995. First step: check the reasons "
        "of the failures on the dashboard.",
        path="proxy",
        gone_after=None,
    ),
)
SLOW_AVAILABILITY = (
    Case(
        alert="OnedataAvailabilityBudgetBurn",
        severity="warning",
        after=550,
        # One of two nodes, for five minutes every three hours.
        changes={
            series("onedata_onepanel_up", path="proxy", node="node1"): always(1),
            series("onedata_onepanel_up", path="proxy", node="node2"): lambda time: float(time % 180 >= 5),
        },
        elsewhere={
            series("onedata_onepanel_up", path="proxy", node="node1"): always(1),
            series("onedata_onepanel_up", path="proxy", node="node2"): always(1),
        },
        labels=_BURN,
        summary="The proxy path of krakow fails too often",
        description="The proxy path of krakow was unavailable 1.786% of the time; "
        "the objective over 30 days is an availability of 0.995. "
        "First step: check the times and reasons of the failures on the dashboard, and plan the repair.",
        path="proxy",
        gone_after=None,
        step=5,
        # Until a third of the windows was seen.
        late_by_holes=255,
        without=(series("onedata_onepanel_up", path="proxy"),),
    ),
)
