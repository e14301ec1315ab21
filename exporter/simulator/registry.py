"""What a Onezone keeps of each Oneprovider that is registered with it."""

from __future__ import annotations

from dataclasses import dataclass

_CREATION_TIME = 1_700_000_000


@dataclass(frozen=True, slots=True)
class Registration:
    """One Oneprovider. `online` follows its GraphSync connection; `members` may see it, too.

    `onepanel_proxy`: its worker forwards to its Onepanel.
    """

    provider_id: str
    name: str
    domain: str
    latitude: float = 50.06
    longitude: float = 19.94
    version: str = "21.02.7"
    build: str = "8-ge9fd9a78"
    online: bool = True
    onepanel_proxy: bool = True
    members: bool = True

    def as_provider(self) -> dict[str, object]:
        """Return the answer to `providers/ID`."""
        return {
            "providerId": self.provider_id,
            "clusterId": self.provider_id,
            "name": self.name,
            "domain": self.domain,
            "latitude": self.latitude,
            "longitude": self.longitude,
            "online": self.online,
            "creationTime": _CREATION_TIME,
        }

    def as_cluster(self) -> dict[str, object]:
        """Return the answer to `clusters/ID`."""
        return cluster_facts(
            self.provider_id, "oneprovider", (self.version, self.build), onepanel_proxy=self.onepanel_proxy
        )


def cluster_facts(
    cluster_id: str, kind: str, release: tuple[str, str], *, onepanel_proxy: bool = True
) -> dict[str, object]:
    """Return a Onezone's facts of a cluster, its own or that of a Oneprovider."""
    version = {"release": release[0], "build": release[1], "gui": "0" * 64}
    return {
        "clusterId": cluster_id,
        "type": kind,
        "workerVersion": version,
        "onepanelVersion": version,
        "onepanelProxy": onepanel_proxy,
        "creationTime": _CREATION_TIME,
    }
