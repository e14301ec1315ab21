from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.credentials import Auth, Secret
from exporter.discovery.admission import Admitted, ProviderState, admit, why_rejected
from exporter.operations.providers import Provider
from exporter.targets import AccessPath, Discovery, Kind, ReachableAddresses, Target

TOKEN = Auth(token=Secret("token"))
TEMPLATE = Target("", "", "", "", labels=(("site", "cracow"),), auth=TOKEN, maintenance_file="/run/{name}")


def zone(url: str = "https://zone.example.org", **options: object) -> Target:
    plan = replace(Discovery(template=TEMPLATE), **options)  # type: ignore[arg-type]
    return Target("zone", url, url, f"{url}:9443", auth=TOKEN, discovery=plan)


def provider(number: int = 1, domain: str = "", **facts: object) -> Provider:
    known = Provider(f"id{number}", f"Provider {number}", domain or f"p{number}.example.org")
    return replace(known, **facts)  # type: ignore[arg-type]


def states(admitted: Admitted) -> list[ProviderState]:
    return [each.state for each in admitted.admissions]


def test_a_provider_becomes_a_target_named_by_its_host_with_the_keys_of_the_template() -> None:
    (target,) = admit(zone(), [provider(domain="P1.Example.Org.")], []).targets
    assert (target.name, target.url) == ("p1.example.org", "https://p1.example.org")
    assert (target.proxy_url, target.direct_url) == ("https://p1.example.org", "https://p1.example.org:9443")
    assert (target.kind, target.labels, target.auth) == (Kind.ONEPROVIDER, (("site", "cracow"),), TOKEN)
    assert (target.onezone, target.provider_id) == ("zone", "id1")
    assert target.maintenance_file == "/run/p1.example.org"
    assert target.reachable_addresses is ReachableAddresses.NOT_LOCAL


def test_other_ports_are_those_of_the_configuration_only() -> None:
    (target,) = admit(zone(proxy_port=8443, direct_port=19443), [provider()], []).targets
    assert (target.proxy_url, target.direct_url) == (
        "https://p1.example.org:8443",
        "https://p1.example.org:19443",
    )


def test_a_cluster_that_is_not_proxied_is_expected_on_the_direct_path_alone() -> None:
    (target,) = admit(zone(), [provider(onepanel_proxy=False)], []).targets
    assert target.expected_paths == {AccessPath.DIRECT}


def test_a_configured_target_of_the_same_domain_wins_and_keeps_its_name() -> None:
    configured = Target("mine", "https://P1.example.org", "https://P1.example.org", "https://x:9443")
    admitted = admit(zone(), [provider(1), provider(2)], [configured])
    assert states(admitted) == [ProviderState.CONFIGURED, ProviderState.WATCHED]
    assert [target.name for target in admitted.targets] == ["p2.example.org"]
    assert admitted.admissions[0].target == "mine"


@pytest.mark.parametrize("pattern", ["id1", "Provider 1", "Prov*1", "p1.*", "P1.EXAMPLE.ORG"])
def test_providers_are_ignored_or_expected_offline_by_id_name_or_glob(pattern: str) -> None:
    providers = [provider(1), provider(2)]
    ignored = admit(zone(ignore=(pattern,)), providers, [])
    assert states(ignored) == [ProviderState.IGNORED, ProviderState.WATCHED]
    offline = admit(zone(expected_offline=(pattern,)), providers, [])
    assert states(offline) == [ProviderState.EXPECTED_OFFLINE, ProviderState.WATCHED]
    assert [target.is_expected_offline for target in offline.targets] == [True, False]


HOSTILE = (
    "",
    "localhost",
    "LOCALHOST.",
    "panel.localhost",
    "127.0.0.1",
    "::1",
    "169.254.169.254",
    "10.0.0.1",
    "8.8.8.8",
    "2130706433",
    "0x7f.1",
    "127.1",
    "metadata",
    "metadata.google.internal",
    "printer.local",
    "router.home.arpa",
    "a.example.org:22",
    "user@a.example.org",
    "a.example.org/path",
    "a.example.org?x",
    "a b.example.org",
    "a..example.org",
    "-a.example.org",
    "a.example.org\r\nHost: b",
    "x" * 64 + ".example.org",
    ".".join(["x" * 60] * 5),
    "é.example.org",
)


@pytest.mark.parametrize("domain", HOSTILE)
def test_a_domain_without_a_public_host_name_is_rejected_with_a_reason(domain: str) -> None:
    admitted = admit(zone(), [replace(provider(), domain=domain)], [])
    assert states(admitted) == [ProviderState.REJECTED]
    assert admitted.admissions[0].why
    assert not admitted.targets


def test_loopback_is_admitted_only_where_the_zone_itself_is_on_loopback() -> None:
    (target,) = admit(zone("https://127.0.0.1"), [provider(domain="127.0.0.2")], []).targets
    assert target.reachable_addresses is ReachableAddresses.NOT_LOCAL_OR_LOOPBACK
    assert why_rejected("169.254.169.254", loopback_allowed=True)
    assert why_rejected("10.0.0.1", loopback_allowed=True)


def test_a_zone_adds_no_more_targets_than_allowed() -> None:
    admitted = admit(zone(max_discovered=2), [provider(number) for number in range(5)], [])
    assert [target.name for target in admitted.targets] == ["p0.example.org", "p1.example.org"]
    assert states(admitted).count(ProviderState.OVER_LIMIT) == 3


def test_two_providers_of_one_domain_are_one_target() -> None:
    admitted = admit(zone(), [provider(1, "same.example.org"), provider(2, "Same.Example.org")], [])
    assert states(admitted) == [ProviderState.WATCHED, ProviderState.REJECTED]


def test_a_passphrase_comes_from_the_map_by_id_alone() -> None:
    own = Auth(passphrase=Secret("passphrase of id1"))
    template = replace(TEMPLATE, auth=Auth(token=Secret("token"), passphrase=Secret("shared")))
    first, second = admit(
        zone(template=template, auth=(("id1", own),)), [provider(1), provider(2)], []
    ).targets
    assert first.auth == own
    assert second.auth == TOKEN
