"""Exporter: can the monitoring be trusted?"""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.build import exporter_costs as costs
from grafana.build.exporter_costs import of_exporter
from grafana.build.frame import Head, compose
from grafana.build.panels import About, AnyPanel, Query
from grafana.build.promql import exporter_up, select
from grafana.build.tables import Column, rows
from grafana.build.tiles import faults, tiles
from grafana.build.words import GREEN, ORANGE, RED, below, yes_or_no

_HEAD = Head(
    "onedata-exporter",
    "Onedata / Exporter",
    "The exporter itself: does it poll as often as it should, and can its values be trusted?",
    since="now-1h",
)


def build() -> Dashboard:
    """Return the dashboard as Grafana's model."""
    return compose(
        _HEAD,
        [
            ("", [*_verdict(), _targets()]),
            ("Rounds", costs.rounds()),
            ("What it costs", [*costs.process(), *costs.scrapes()]),
        ],
    )


def _verdict() -> list[AnyPanel]:
    interval = select("onedata_poll_interval_seconds")
    age = _age(select("onedata_poll_last_attempt_timestamp_seconds"))
    overdue = f"count({age} > 3 * {interval}) or count({interval}) * 0"
    errors = f"sum(increase({of_exporter('onedata_exporter_unhandled_errors_total')}[$__range]))"
    return [
        tiles(
            About(
                "Exporters",
                "Whether the last scrape of each exporter succeeded.",
                5,
                4,
                "no exporter is scraped",
            ),
            Query(f"sort({exporter_up()})", "{{instance}}"),
            yes_or_no("DOWN", "up"),
        ),
        faults(
            About("Targets overdue", "Targets of which no round was finished for three intervals.", 4, 4),
            overdue,
        ),
        faults(
            About("Bugs met", "Unexpected exceptions in the time range. Please report them.", 4, 4),
            f"ceil({errors})",
        ),
        tiles(
            About("Configuration", "Whether the last attempt to load the configuration succeeded.", 4, 4),
            Query(f"min({of_exporter('onedata_exporter_config_last_reload_successful')})"),
            yes_or_no("REFUSED", "loaded"),
        ),
        _versions(),
    ]


def _versions() -> AnyPanel:
    loaded = of_exporter("onedata_exporter_config_last_reload_success_timestamp_seconds")
    return rows(
        About("Versions", "What runs, and since when with its present configuration.", 7, 4),
        [
            Column("Exporter", source="instance"),
            Column("Version", source="version", width=90),
            Column(
                "Configuration", f"1000 * max by (instance) ({loaded})", unit="dateTimeFromNow", width=130
            ),
            Column("", f"max by (instance, version) ({of_exporter('onedata_exporter_build_info')})"),
        ],
        ("Exporter", False),
    )


def _targets() -> AnyPanel:
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
            *_latest(),
            *_totals(),
        ],
        ("Last round, intervals ago", True),
        ("Target", False),
    )


def _age(time: str) -> str:
    """Return how old a time was at the latest scrape, which may be a minute ago."""
    return f"timestamp({time}) - {time}"


def _each(name: str, how: str = "max") -> str:
    return f"{how} by (instance, target) ({select(name)})"


def _latest() -> list[Column]:
    age = f"min by (instance, target) ({_age(select('onedata_poll_last_attempt_timestamp_seconds'))})"
    used = f"{_each('onedata_poll_duration_seconds')} / {_each('onedata_poll_interval_seconds')}"
    return [
        Column(
            "Last round, intervals ago",
            f"{age} / {_each('onedata_poll_interval_seconds')}",
            decimals=1,
            thresholds=below((2, GREEN), (3, ORANGE), above=RED),
            width=200,
            empty="no round yet",
        ),
        Column(
            "Round takes",
            _each("onedata_poll_duration_seconds"),
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
    ]


def _totals() -> list[Column]:
    def counted(name: str) -> str:
        return f"sum by (instance, target) (increase({select(name)}[$__range]))"

    some = below((0.5, GREEN), above=ORANGE)
    return [
        Column("Rounds", counted("onedata_polls_total"), width=100),
        Column("Skipped", counted("onedata_polls_skipped_total"), thresholds=some, width=110),
        Column(
            "Label values refused",
            counted("onedata_exporter_label_values_dropped_total"),
            thresholds=some,
            width=170,
        ),
        Column(
            "Credentials",
            _each("onedata_credentials_accepted", "min"),
            mappings=yes_or_no("rejected", "accepted"),
            empty="not tried",
        ),
    ]
