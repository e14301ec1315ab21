"""The operations that the simulated Onepanel knows: one line of a table each."""

from __future__ import annotations

from exporter.simulator import administration, components, layout, public
from exporter.simulator.onepanel import SERVICE, Resource, Resources
from exporter.targets import Kind

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
    f"{SERVICE}/nagios": Resource(components.nagios, content_types=("application/xml", "text/xml")),
    **{
        f"{SERVICE}/{component}": Resource(components.all_hosts, methods=("GET", "PATCH"))
        for component in components.COMPONENTS
    },
    **{
        f"{SERVICE}/{component}/*": Resource(components.one_host, methods=("GET", "PATCH"))
        for component in components.COMPONENTS
    },
}


_USERS: Resources = {
    "user": Resource(administration.current_user, needs_worker=True),
    f"{SERVICE}/users": Resource(
        administration.users,
        methods=("GET", "POST"),
        members=(),
        needs_worker=True,
        known=lambda cluster: cluster.kind is Kind.ONEZONE,
    ),
    f"{SERVICE}/users/*": Resource(
        administration.user,
        methods=("GET", "PATCH"),
        members=(),
        needs_worker=True,
        known=lambda cluster: cluster.kind is Kind.ONEZONE,
    ),
}

RESOURCES: Resources = {**_PUBLIC, **_DETAILS, **_USERS}
