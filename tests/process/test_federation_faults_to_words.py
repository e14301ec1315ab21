"""Each fault of a federation, from the fault to the page, the metrics, the log and the probe: one row or more."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import NamedTuple

import pytest

from exporter.diagnosis.rules import Diagnosis
from exporter.simulator import Authority, FederationFault
from tests.support.shown_federation import ZONE, Setting, ShownFederation, show_federations

_OF_PROVIDERS = tuple(fault for fault in FederationFault if not fault.of_zone)
# The same fault of a Oneprovider that is configured as a target, too.
_CONFIGURED = {
    "unregistered_too": FederationFault.UNREGISTERED,
    "removed_too": FederationFault.REMOVED,
}
_SITES = (*(fault.value for fault in _OF_PROVIDERS), *_CONFIGURED, "quiet", "silent")
_PAIR = ("quiet", "silent")
SETTINGS = {
    "providers": Setting(
        _SITES,
        tuple(_CONFIGURED),
        (
            *((fault, fault.value) for fault in _OF_PROVIDERS),
            *((fault, site) for site, fault in _CONFIGURED.items()),
        ),
    ),
    "list": Setting(_PAIR, (), ((FederationFault.LIST_EMPTIED, ZONE),)),
    "clock": Setting(_PAIR, (), ((FederationFault.ZONE_CLOCK, ZONE),)),
}


def address(site: str, network: int = 0) -> str:
    """The domain of a site, or the one that it has after a change."""
    return f"127.{network}.0.{_SITES.index(site) + 2}"


class Row(NamedTuple):
    """What a fault leads to for one target. `diagnosis` is None if the target is gone; `code` is Nagios'.

    `words` are a pattern on its page, on that of the zone if it has none; `metrics` are values by name and further
    labels. `log` is empty if nothing is to be logged of the target.
    """

    federation: str
    fault: FederationFault
    target: str
    diagnosis: Diagnosis | None
    words: str
    metrics: Mapping[tuple[str, ...], float | None]
    log: str
    code: int
    probe: str


_ONLINE, _CONNECTED, _COMPATIBLE = (
    ("onedata_provider_online",),
    ("onedata_provider_connected",),
    ("onedata_provider_compatible",),
)
_REGISTERED, _OFFSET = ("onedata_cluster_registered",), ("onedata_clock_offset_seconds",)
_POLLED = ("onedata_poll_interval_seconds",)
_LOST = ' level=error msg="diagnosis changed" target={} from=ok to=zone_disconnected '
_BY_BOTH, _BY_ITSELF = (
    f"disconnected from the zone, as {side} reports; "
    for side in ("the provider itself and the zone", "the provider itself")
)
_NO_DIFFERENCE = "no difference is known: check the provider&#39;s clock and its network towards the zone"


def _disconnected(
    fault: FederationFault, words: str, compatible: float = 1.0, federation: str = "providers", site: str = ""
) -> Row:
    """Return the row of a provider that is still listed, and is no longer connected."""
    target = address(site or fault.value) if federation == "providers" else address_of_pair(site)
    metrics: Mapping[tuple[str, ...], float | None] = {
        _ONLINE: 0.0,
        _CONNECTED: 0.0,
        _COMPATIBLE: compatible,
        _REGISTERED: 1.0,
    }
    return Row(
        federation,
        fault,
        target,
        Diagnosis.ZONE_DISCONNECTED,
        re.escape(_BY_BOTH + words),
        metrics,
        _LOST.format(target),
        2,
        _BY_ITSELF,
    )


def address_of_pair(site: str) -> str:
    return f"127.0.0.{_PAIR.index(site) + 2}"


def _vanished(federation: str, fault: FederationFault, target: str) -> Row:
    """Return the row of a provider that the zone does not list any more."""
    words = rf"providers? vanished: [\d., ]*{re.escape(target)}\b"
    log = f' level=info msg="provider vanished" target={target} onezone=zone '
    return Row(
        federation,
        fault,
        target,
        None,
        words,
        {_POLLED: None, _ONLINE: None},
        log,
        3,
        "no target has this name",
    )


def _configured(site: str, words: str, registered: float) -> Row:
    """Return the row of a configured provider that does not belong to the zone any more."""
    metrics: Mapping[tuple[str, ...], float | None] = {
        _ONLINE: None,
        _CONNECTED: 0.0,
        _REGISTERED: registered,
    }
    log = _LOST.format(site)
    return Row(
        "providers",
        _CONFIGURED[site],
        site,
        Diagnosis.ZONE_DISCONNECTED,
        re.escape(_BY_ITSELF + words),
        metrics,
        log,
        2,
        _BY_ITSELF,
    )


F = FederationFault
ROWS = (
    _disconnected(F.CUT_OFF, _NO_DIFFERENCE),
    _disconnected(F.WRONG_CLOCK, _NO_DIFFERENCE),
    _disconnected(
        F.INCOMPATIBLE_VERSION, "the zone does not accept the provider&#39;s version", compatible=0.0
    ),
    _vanished("providers", F.UNREGISTERED, address("unregistered")),
    _configured(
        "unregistered_too", "the provider is not registered in any zone: register it in its Onepanel", 0.0
    ),
    _vanished("providers", F.REMOVED, address("removed")),
    _configured("removed_too", "the zone does not list the provider: it was removed there", 1.0),
    _vanished("providers", F.DOMAIN_CHANGED, address("domain_changed")),
    Row(
        "providers",
        F.DOMAIN_CHANGED,
        address("domain_changed", network=1),
        Diagnosis.OK,
        "Every expected path is up and healthy.",
        {_ONLINE: 1.0, _CONNECTED: 1.0, _COMPATIBLE: 1.0},
        f' level=info msg="provider discovered" target={address("domain_changed", network=1)} onezone=zone ',
        0,
        ": ok, oneprovider ",
    ),
    _vanished("list", F.LIST_EMPTIED, address_of_pair("quiet")),
    _vanished("list", F.LIST_EMPTIED, address_of_pair("silent")),
    Row(
        "list",
        F.LIST_EMPTIED,
        ZONE,
        Diagnosis.OK,
        "2 providers missing from the list, kept until more lists agree",
        {("onedata_discovered_providers", "watched"): 0.0, ("onedata_discovered_providers", "held"): 0.0},
        ' level=warning msg="providers missing from the list, kept until more lists agree" target=zone missing=2',
        0,
        ": ok, onezone ",
    ),
    Row(
        "clock",
        F.ZONE_CLOCK,
        ZONE,
        Diagnosis.OK,
        re.escape("the zone&#39;s clock differs by +600.0 s from the exporter&#39;s: synchronize both"),
        {_OFFSET: 600.0},
        "",
        1,
        ": ok, the zone's clock differs by +600.0 s from the exporter's: synchronize both",
    ),
    *(
        _disconnected(
            F.ZONE_CLOCK,
            "the zone&#39;s clock differs by +600.0 s from the exporter&#39;s: check the clocks",
            federation="clock",
            site=site,
        )
        for site in _PAIR
    ),
)
_EACH_ROW = pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.fault.value} {row.target}")


@pytest.fixture(scope="module")
def shown(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> dict[str, ShownFederation]:
    """What running exporters and probes show of all faults."""
    probed = {name: [row.target for row in ROWS if row.federation == name] for name in SETTINGS}
    return asyncio.run(show_federations(tmp_path_factory.mktemp("federations"), authority, SETTINGS, probed))


def test_every_fault_of_a_federation_has_its_row() -> None:
    assert {row.fault for row in ROWS} == set(FederationFault)
    switched = {fault for setting in SETTINGS.values() for fault, _member in setting.faults}
    assert switched == set(FederationFault)


@_EACH_ROW
def test_the_page_and_the_json_show_the_diagnosis_and_what_is_wrong(
    shown: dict[str, ShownFederation], row: Row
) -> None:
    seen = shown[row.federation]
    diagnosis = seen.statuses[row.target]["diagnosis"] if row.target in seen.statuses else None
    assert diagnosis == row.diagnosis
    page = seen.pages[ZONE if row.diagnosis is None else row.target]
    assert re.search(row.words, page)


@_EACH_ROW
def test_the_metrics_show_it(shown: dict[str, ShownFederation], row: Row) -> None:
    metrics = shown[row.federation].metrics
    assert metrics.diagnosis(row.target) == (row.diagnosis or "")
    for (name, *state), expected in row.metrics.items():
        labels = {"state": state[0]} if state else {}
        value = metrics.value(name, target=row.target, **labels)
        assert value == (
            expected if expected is None else pytest.approx(expected, abs=2.0 if name == _OFFSET[0] else 0.0)
        ), name


@_EACH_ROW
def test_the_log_has_a_line_for_it(shown: dict[str, ShownFederation], row: Row) -> None:
    lines = [line for line in shown[row.federation].log if row.log in line]
    if row.log:
        assert lines
    else:
        assert not [line for line in lines if f" target={row.target} " in line]


@_EACH_ROW
def test_the_probe_ends_in_the_state_of_nagios_and_names_it(
    shown: dict[str, ShownFederation], row: Row
) -> None:
    ended = shown[row.federation].probes[row.target]
    assert ended.code == row.code
    assert row.probe in ended.out
    assert row.diagnosis is None or f"{row.target}: {row.diagnosis}" in ended.out


def test_a_list_that_is_suddenly_empty_changes_nothing_until_three_agree(
    shown: dict[str, ShownFederation],
) -> None:
    held = shown["list"].held
    assert held is not None
    assert held.value("onedata_discovered_providers", target=ZONE, state="held") == len(_PAIR)
    assert held.diagnoses() == {ZONE: "ok", **{address_of_pair(site): "ok" for site in _PAIR}}


def test_a_fault_of_one_provider_changes_no_other_one(shown: dict[str, ShownFederation]) -> None:
    for name in (ZONE, address("quiet"), address("silent")):
        assert shown["providers"].statuses[name]["diagnosis"] == "ok"
        assert not [line for line in shown["providers"].log if f" target={name} from=ok " in line]
