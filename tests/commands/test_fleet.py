"""What `fleet` sends to the clusters that a zone lists."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.commands.discovered import NoListError, list_providers
from exporter.commands.fleet import without_credentials
from exporter.credentials import Auth, Secret
from exporter.discovery.admission import admit
from exporter.operations.providers import Provider
from exporter.targets import Target

ZONE = Target(
    "zone",
    "https://127.0.0.1:1",
    "https://127.0.0.1:1",
    "https://127.0.0.1:2",
    auth=Auth(token=Secret("the-token"), passphrase=Secret("the-passphrase")),
)


def test_no_host_that_a_zone_lists_gets_a_credential_of_the_zone() -> None:
    zone = replace(ZONE, url="https://zone.example.org", discovery=without_credentials(ZONE))
    admitted = admit(zone, [Provider("p1", domain="p1.example.org")], [zone])
    assert [(target.domain, bool(target.auth)) for target in admitted.targets] == [("p1.example.org", False)]


@pytest.mark.parametrize(("auth", "times"), [(ZONE.auth, 0), (Auth(), 1)])
async def test_a_token_is_asked_for_only_if_there_is_none(auth: Auth, times: int) -> None:
    zone = replace(ZONE, auth=auth)
    with pytest.raises(NoListError) as caught:
        await list_providers(zone, without_credentials(zone), 5.0)
    assert str(caught.value).count("needs an access token") == times
