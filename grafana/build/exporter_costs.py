"""The panels that show how the exporter works, and what it uses."""

from __future__ import annotations

from grafana.build.panels import About, AnyPanel, Query, graph
from grafana.build.promql import EXPORTER, select


def of_exporter(name: str) -> str:
    """Return a metric, narrowed by job and instance."""
    return select(name, by=EXPORTER)


def of_exporters_only(name: str, function: str = "{}") -> str:
    """Return a function of a metric that other jobs have, too: of exporters only, also of those that are down."""
    exporters = f"last_over_time({of_exporter('onedata_exporter_targets')}[$__range])"
    return f"{function.format(of_exporter(name))} and on (job, instance) {exporters}"


def rounds() -> list[AnyPanel]:
    """Return whether rounds come as often and end as soon as they should."""
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
            Query(of_exporter("onedata_exporter_event_loop_lag_seconds"), "{{instance}}"),
        ),
    ]


def process() -> list[AnyPanel]:
    """Return the panels about what the process uses."""
    return [
        graph(
            About("Memory", "Resident memory of the process.", 8, 7),
            "bytes",
            Query(of_exporters_only("process_resident_memory_bytes"), "{{instance}}"),
        ),
        graph(
            About("CPU", "Seconds of CPU a second: 1 is one core at work all the time.", 8, 7),
            "percentunit",
            Query(
                of_exporters_only("process_cpu_seconds_total", "rate({}[$__rate_interval])"),
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
            Query(
                f"{of_exporter('process_open_fds')} / ({of_exporters_only('process_max_fds')})",
                "{{instance}}",
            ),
        ),
    ]


def scrapes() -> list[AnyPanel]:
    """Return the panels about what the scrapes take."""
    return [
        graph(
            About("Time of a scrape", "How long Prometheus waits for /metrics.", 8, 7),
            "s",
            Query(of_exporters_only("scrape_duration_seconds"), "{{instance}}"),
        ),
        graph(
            About("Size of a scrape", "Samples in one scrape.", 8, 7),
            "short",
            Query(of_exporters_only("scrape_samples_scraped"), "{{instance}}"),
        ),
        graph(
            About(
                "New series",
                "Series that a scrape brought and the one before had not; steadily above 0 is churn.",
                8,
                7,
            ),
            "short",
            Query(of_exporters_only("scrape_series_added"), "{{instance}}"),
        ),
    ]
