"""The exporters themselves."""

from __future__ import annotations

from tests.alerts.cases.case import EXPORTER, HEALTHY, JOB, Case, of_exporter
from tests.alerts.timeline import ONSET_MINUTES, Shape, always, ends, series, turns


def _of_another() -> dict[str, Shape]:
    """Return what a second exporter reports that polls the same target."""
    return {of_exporter(name): shape for name, shape in HEALTHY.items() if "onedata_exporter" not in name}


_DEAD = {name: ends(shape) for name, shape in HEALTHY.items() if not name.startswith("up")}


def _shard(instance: str, index: int, count: int) -> str:
    """Return the series with the shard that an exporter polls."""
    labels = {"index": str(index), "count": str(count)}
    return series("onedata_exporter_shard_info", target="", instance=instance, **labels)


EXPORTERS = (
    Case(
        alert="OnedataExporterDown",
        severity="critical",
        after=2,  # the last successful scrape leaves the window after a minute
        changes={series("up", target=""): turns(1, 0)},
        labels=EXPORTER,
        summary="The exporter at exporter:19443 is down",
        description="Prometheus cannot scrape exporter:19443, and no other exporter polls its targets: outages of "
        "these clusters go unnoticed. "
        "First step: on its host, run `systemctl status onedata-exporter` and read its log.",
        gone_after=1.5,
        of_target=False,
        elsewhere=None,
    ),
    Case(
        alert="OnedataExporterDown",
        severity="warning",
        after=2,
        changes={**_DEAD, **_of_another(), series("up", target=""): turns(1, 0)},
        labels={**EXPORTER, "others": "up"},
        summary="The exporter at exporter:19443 is down; others poll its targets",
        description="Prometheus cannot scrape exporter:19443. Other exporters poll its targets: nothing goes "
        "unnoticed until they fail, too. "
        "First step: on its host, run `systemctl status onedata-exporter` and read its log.",
        gone_after=1.5,
        of_target=False,
        elsewhere=None,
    ),
    Case(
        alert="OnedataExporterAbsent",
        severity="critical",
        after=0,
        changes={},
        labels={"job": "onedata-exporter"},
        summary="Prometheus scrapes no onedata-exporter",
        description='There is no series up{job="onedata-exporter"}: no Onedata cluster is monitored. First step: '
        "check the job under Status, Targets in Prometheus, and its scrape configuration.",
        gone_after=None,
        of_target=False,
        elsewhere=None,
        without=tuple(HEALTHY),
    ),
    Case(
        alert="OnedataShardMissing",
        severity="critical",
        after=17,
        changes={
            series("onedata_exporter_shard_info", target="", index="0", count="1"): lambda _minutes: None,
            _shard("exporter:19443", 0, 2): always(1),
            _shard("other:19443", 1, 2): ends(always(1)),
        },
        labels={**JOB, "count": "2"},
        summary="Job onedata-exporter has exporters for 1 of 2 shards",
        description="The exporters of job onedata-exporter that are started with COUNT 2 have 1 of 2 indexes: the "
        "targets of the other shards are not polled. First step: compare the number of pods or units with COUNT, "
        "and start the missing ones.",
        gone_after=1.5,
        of_target=False,
        elsewhere=None,
    ),
    Case(
        alert="OnedataShardMissing",
        severity="warning",
        after=30,
        changes={
            series("onedata_exporter_shard_info", target="", index="0", count="1"): lambda _minutes: None,
            _shard("exporter:19443", 0, 2): always(1),
            _shard("second:19443", 1, 2): always(1),
            _shard("another:19443", 0, 1): lambda minutes: 1 if minutes >= ONSET_MINUTES else None,
        },
        labels=JOB,
        summary="The exporters of job onedata-exporter have 2 different shard counts",
        description="The exporters of job onedata-exporter are started with 2 different COUNTs: some targets are "
        "polled by more exporters than others. First step: finish the rollout, or give exporters of another place "
        "a job of their own.",
        gone_after=None,
        of_target=False,
        elsewhere=None,
    ),
    Case(
        alert="OnedataConfigReloadFailed",
        severity="warning",
        after=7,
        changes={series("onedata_exporter_config_last_reload_successful", target=""): turns(1, 0)},
        labels=EXPORTER,
        summary="exporter:19443 could not load its configuration",
        description="exporter:19443 continues with the previous configuration. First step: run "
        "`onedata-exporter check-config --config.file FILE`: it prints every fault.",
        gone_after=1.5,
        of_target=False,
        elsewhere=None,
    ),
    Case(
        alert="OnedataUnhandledErrors",
        severity="warning",
        after=0,
        changes={series("onedata_exporter_unhandled_errors_total", target="", where="client"): turns(0, 1)},
        labels={**EXPORTER, "where": "client"},
        summary="exporter:19443 caught an unexpected exception",
        description="An unexpected exception was caught in the client of exporter:19443. "
        "First step: find the traceback in its log, and report it as an issue.",
        gone_after=None,
        of_target=False,
        elsewhere=None,
    ),
    Case(
        alert="OnedataWatchdog",
        severity="none",
        after=0,
        changes={},
        labels={},
        summary="Alerts are delivered",
        description="This alert always fires. It shows that Prometheus evaluates the rules and that Alertmanager "
        "delivers. First step: send it to a service that raises an alarm when it stops.",
        gone_after=None,
        of_target=False,
        elsewhere=None,
    ),
)
