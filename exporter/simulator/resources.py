"""The operations that the simulated Onepanel knows: one line of a table each."""

from __future__ import annotations

from exporter.simulator import administration, components, layout, public
from exporter.simulator.bodies import BodySchema
from exporter.simulator.cluster import Cluster
from exporter.simulator.host_state import COMPONENTS
from exporter.simulator.onepanel import SERVICE, Resource, Resources
from exporter.targets import Kind


def _has_users(cluster: Cluster) -> bool:
    return cluster.kind is Kind.ONEZONE


_PUBLIC: Resources = {
    "configuration": Resource(public.configuration, public=True, reads_database=True),
    "health": Resource(
        public.health, public=True, reads_database=True, known=lambda cluster: cluster.knows_health
    ),
    "test_image": Resource(public.small_image, content_types=("image/png",), public=True),
    "node": Resource(public.node, public=True),
    "emergency_passphrase": Resource(public.passphrase_state, public=True, reads_database=True),
}

_DETAILS: Resources = {
    "hosts": Resource(layout.hosts),
    "cluster": Resource(layout.summary),
    "web_cert": Resource(layout.web_certificate),
    "dns_check": Resource(layout.dns_check),
    f"{SERVICE}/configuration": Resource(layout.service_configuration),
    f"{SERVICE}/nagios": Resource(components.nagios, content_types=("text/xml",)),
    **{
        f"{SERVICE}/{component}": Resource(
            components.all_hosts,
            methods=("GET", "PATCH", "POST"),
            bodies={"POST": BodySchema(required=("hosts",), lists=("hosts",))},
        )
        for component in COMPONENTS
    },
    **{
        f"{SERVICE}/{component}/*": Resource(components.one_host, methods=("GET", "PATCH"))
        for component in COMPONENTS
    },
}

# What the exporter never asks for: right in status and shape, the same on every cluster.
_OTHERS: Resources = {
    "progress": Resource(
        layout.fixed(
            {"webCertificate": True, "dnsCheck": True, "clusterNodes": True, "clusterIps": True},
        )
    ),
    "dns_check/configuration": Resource(
        layout.fixed({"builtInDnsServer": True, "dnsCheckAcknowledged": False, "dnsServers": []})
    ),
    f"{SERVICE}/cluster_ips": Resource(layout.fixed({"hosts": {}, "isConfigured": True})),
    f"{SERVICE}/policies": Resource(
        layout.fixed({"oneproviderRegistration": "open", "subdomainDelegation": True}),
        needs_worker=True,
        known=_has_users,
    ),
    "cookie": Resource(layout.fixed("simulated-cookie")),
    "tasks/*": Resource(layout.nothing),
}

_USERS: Resources = {
    "user": Resource(administration.current_user, needs_worker=True),
    f"{SERVICE}/users": Resource(
        administration.users,
        methods=("GET", "POST"),
        bodies={
            "POST": BodySchema(
                required=("password", "username"),
                strings=("username", "password", "fullName"),
                lists=("groups",),
            )
        },
        needs_worker=True,
        known=_has_users,
    ),
    f"{SERVICE}/users/*": Resource(
        administration.user,
        methods=("GET", "PATCH"),
        bodies={"PATCH": BodySchema(required=("newPassword",), strings=("newPassword",))},
        find=administration.find_user,
        needs_worker=True,
        known=_has_users,
    ),
}

RESOURCES: Resources = {**_PUBLIC, **_DETAILS, **_OTHERS, **_USERS}
