"""Targets that are not polled, and exporters that disagree."""

from __future__ import annotations

from tests.alerts.cases.case import EXPORTER, HEALTHY, OWN, TARGET_INFO, Case, of_exporter
from tests.alerts.timeline import ONSET_MINUTES, always, ends, series, turns

_ATTEMPT = series("onedata_poll_last_attempt_timestamp_seconds")
_STALLED = {_ATTEMPT: lambda minutes: min(minutes, ONSET_MINUTES) * 60}

POLLING = (
    Case(
        alert="OnedataPollingStalled",
        severity="critical",
        after=8,  # three intervals of 15 s are over after a minute, and two more have no fresh round in the window
        changes=_STALLED,
        labels={**EXPORTER, **OWN},
        summary="krakow is no longer polled by exporter:19443",
        description="exporter:19443 finishes no more rounds of krakow, and no other exporter does: an outage goes "
        "unnoticed. First step: read the log of the exporter, then restart it.",
        gone_after=None,
        elsewhere=None,
        late_by_holes=1.0,  # the age is that of the latest scrape
    ),
    Case(
        alert="OnedataPollingStalled",
        severity="warning",
        after=6,
        changes={
            **_STALLED,
            of_exporter(_ATTEMPT): HEALTHY[_ATTEMPT],
            of_exporter(series("onedata_poll_interval_seconds")): always(15),
        },
        labels={**EXPORTER, **OWN},
        summary="krakow is no longer polled by exporter:19443",
        description="exporter:19443 finishes no more rounds of krakow; another exporter does. "
        "First step: read the log of the exporter, then restart it.",
        gone_after=None,
        elsewhere=None,
        late_by_holes=1.0,  # the age is that of the latest scrape
    ),
    Case(
        alert="OnedataTargetUnwatched",
        severity="warning",
        after=7,
        changes={
            name: ends(shape) for name, shape in HEALTHY.items() if "target=" in name and name != TARGET_INFO
        },
        labels=OWN,
        summary="krakow is no longer polled",
        description="No exporter that answers polls krakow any more: an outage would not be detected. First step: "
        "if it was not removed on purpose, find the missing exporter or shard.",
        gone_after=1.5,
        elsewhere=None,
    ),
    Case(
        alert="OnedataPartialView",
        severity="info",
        after=5,
        changes={
            series("onedata_target_diagnosis", diagnosis="ok"): turns(1, 0),
            series("onedata_target_diagnosis", diagnosis="unreachable"): turns(0, 1),
            of_exporter(series("onedata_target_diagnosis", diagnosis="ok")): always(1),
            of_exporter(series("onedata_target_diagnosis", diagnosis="unreachable")): always(0),
        },
        labels=OWN,
        summary="Exporters disagree about krakow",
        description="50% of the exporters that poll krakow report it as ok, the others do not. First step: check "
        "the network between the target and the exporters that observe an outage.",
        gone_after=1.5,
        elsewhere=None,
    ),
)
