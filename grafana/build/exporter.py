"""Exporter: can the monitoring be trusted?"""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.build.frame import Head, compose
from grafana.build.panels import About, AnyPanel, Query, graph, tiles
from grafana.build.promql import EXPORTER, select
from grafana.build.tables import Column, rows
from grafana.build.words import GREEN, ORANGE, RED, Word, below, mapped, yes_or_no

_HEAD = Head(
    "onedata-exporter",
    "Onedata / Exporter",
    "The exporter itself: does it look as often as it should, and can what it says be trusted?",
    since="now-1h",
)
_NONE = mapped([Word(0, "none", "none", GREEN)])


def build() -> Dashboard:
    """The dashboard as Grafana's model."""
    return compose(
        _HEAD,
        [
            ("", [*_verdict(), _targets()]),
            ("Rounds", _rounds()),
            ("What it costs", [*_process(), *_scrapes()]),
        ],
    )


def _of(name: str, *matchers: str) -> str:
    return select(name, *matchers, by=EXPORTER)


def _by_job(name: str, function: str = "{}") -> str:
    """A function of a metric that other jobs have, too: of exporters only, also of those that are down."""
    exporters = f"last_over_time({_of('onedata_exporter_targets')}[$__range])"
    return f"{function.format(_of(name))} and on (job, instance) {exporters}"


def _verdict() -> list[AnyPanel]:
    interval = select("onedata_poll_interval_seconds")
    age = f"time() - {select('onedata_poll_last_attempt_timestamp_seconds')}"
    overdue = f"count({age} > 3 * {interval}) or count({interval}) * 0"
    errors = f"sum(increase({_of('onedata_exporter_unhandled_errors_total')}[$__range]))"
    return [
        tiles(
            About(
                "Exporters",
                "Whether the last scrape of each exporter succeeded.",
                5,
                4,
                "no exporter is scraped",
            ),
            Query(f"sort({_by_job('up')})", "{{instance}}"),
            yes_or_no("DOWN", "up"),
        ),
        tiles(
            About("Targets overdue", "Targets of which no round was finished for three intervals.", 4, 4),
            Query(overdue),
            _NONE,
            thresholds=below((1, GREEN), above=RED),
        ),
        tiles(
            About(
                "Bugs met", "Exceptions that nobody expected, in the time range. Please report them.", 4, 4
            ),
            Query(f"ceil({errors})"),
            _NONE,
            thresholds=below((1, GREEN), above=RED),
        ),
        tiles(
            About("Configuration", "Whether the last attempt to load the configuration succeeded.", 4, 4),
            Query(f"min({_of('onedata_exporter_config_last_reload_successful')})"),
            yes_or_no("REFUSED", "loaded"),
        ),
        _versions(),
    ]


def _versions() -> AnyPanel:
    loaded = _of("onedata_exporter_config_last_reload_success_timestamp_seconds")
    return rows(
        About("Versions", "What runs, and since when with its present configuration.", 7, 4),
        [
            Column("Exporter", source="instance"),
            Column("Version", source="version", width=90),
            Column(
                "Configuration", f"1000 * max by (instance) ({loaded})", unit="dateTimeFromNow", width=130
            ),
            Column("", f"max by (instance, version) ({_of('onedata_exporter_build_info')})"),
        ],
        sort=("Exporter", False),
    )


def _targets() -> AnyPanel:
    def of(name: str, how: str = "max") -> str:
        return f"{how} by (instance, target) ({select(name)})"

    def counted(name: str) -> str:
        return f"sum by (instance, target) (increase({select(name)}[$__range]))"

    age = f"(time() - {of('onedata_poll_last_attempt_timestamp_seconds')})"
    used = f"{of('onedata_poll_duration_seconds')} / {of('onedata_poll_interval_seconds')}"
    some = below((0.5, GREEN), above=ORANGE)
    return rows(
        About(
            "Every target, the longest without a round first",
            "How long ago the last round of each target was finished; after three intervals its gauges are withheld.",
            24,
            9,
        ),
        [
            Column("Target", source="target", width=210),
            Column("Exporter", source="instance", width=170),
            Column(
                "Last round, intervals ago",
                f"{age} / {of('onedata_poll_interval_seconds')}",
                decimals=1,
                thresholds=below((2, GREEN), (3, ORANGE), above=RED),
                width=200,
                empty="no round yet",
            ),
            Column(
                "Round takes",
                of("onedata_poll_duration_seconds"),
                unit="s",
                decimals=2,
                width=120,
                empty="not known",
            ),
            Column(
                "of its interval",
                used,
                unit="percentunit",
                thresholds=below((0.7, GREEN), (1, ORANGE), above=RED),
                width=120,
                empty="not known",
            ),
            Column("Rounds", counted("onedata_polls_total"), width=100),
            Column("Skipped", counted("onedata_polls_skipped_total"), thresholds=some, width=110),
            Column(
                "Label values refused",
                counted("onedata_exporter_series_dropped_total"),
                thresholds=some,
                width=170,
            ),
            Column(
                "Credentials",
                of("onedata_credentials_accepted", "min"),
                mappings=yes_or_no("rejected", "accepted"),
                empty="not tried",
            ),
        ],
        sort=("Last round, intervals ago", True),
    )


def _rounds() -> list[AnyPanel]:
    finished, skipped = (
        f"60 * sum by (instance) (rate({select(name)}[$__rate_interval]))"
        for name in ("onedata_polls_total", "onedata_polls_skipped_total")
    )
    foreseen = f"60 * sum by (instance) (1 / {select('onedata_poll_interval_seconds')})"
    seconds = select("onedata_poll_duration_seconds")
    return [
        graph(
            About(
                "Rounds a minute",
                "Finished, skipped because the one before still ran, and foreseen by the intervals.",
                8,
                7,
            ),
            "cpm",
            Query(finished, "finished {{instance}}"),
            Query(skipped, "skipped {{instance}}"),
            Query(foreseen, "foreseen {{instance}}"),
        ),
        graph(
            About(
                "Duration of rounds",
                "The slowest of the last rounds of all targets, and the middle one.",
                8,
                7,
            ),
            "s",
            Query(f"max by (instance) ({seconds})", "slowest {{instance}}"),
            Query(f"quantile by (instance) (0.5, {seconds})", "middle {{instance}}"),
        ),
        graph(
            About(
                "Event loop lag",
                "The worst lag of the last interval; above some 0.1 s, what it measures of others is its own.",
                8,
                7,
            ),
            "s",
            Query(_of("onedata_exporter_event_loop_lag_seconds"), "{{instance}}"),
        ),
    ]


def _process() -> list[AnyPanel]:
    return [
        graph(
            About("Memory", "Resident memory of the process.", 8, 7),
            "bytes",
            Query(_by_job("process_resident_memory_bytes"), "{{instance}}"),
        ),
        graph(
            About("CPU", "Seconds of CPU a second: 1 is one core at work all the time.", 8, 7),
            "percentunit",
            Query(
                _by_job("process_cpu_seconds_total", "rate({}[$__rate_interval])"),
                "{{instance}}",
            ),
        ),
        graph(
            About(
                "Open files",
                "File descriptors in use, as a share of how many there may be; every connection is one.",
                8,
                7,
            ),
            "percentunit",
            Query(f"{_of('process_open_fds')} / ({_by_job('process_max_fds')})", "{{instance}}"),
        ),
    ]


def _scrapes() -> list[AnyPanel]:
    return [
        graph(
            About("Time of a scrape", "How long Prometheus waits for /metrics.", 8, 7),
            "s",
            Query(_by_job("scrape_duration_seconds"), "{{instance}}"),
        ),
        graph(
            About("Size of a scrape", "Samples in one scrape.", 8, 7),
            "short",
            Query(_by_job("scrape_samples_scraped"), "{{instance}}"),
        ),
        graph(
            About(
                "New series",
                "Series that a scrape brought and the one before had not; steadily above 0 is churn.",
                8,
                7,
            ),
            "short",
            Query(_by_job("scrape_series_added"), "{{instance}}"),
        ),
    ]
