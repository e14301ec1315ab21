"""The services behind Onepanel."""

from __future__ import annotations

from tests.alerts.cases.case import OWN, Case
from tests.alerts.timeline import Shape, always, series, turns


def component(kind: str, host: str, *, well: bool, word: str = "stopped") -> dict[str, Shape]:
    """A worker, manager or database on a host: well throughout, or with another word from minute 10 on."""
    labels = {"component": kind, "host": host}
    status = "onedata_component_status"
    return {
        series(status, status="healthy", **labels): always(1) if well else turns(1, 0),
        series(status, status=word, **labels): always(0) if well else turns(0, 1),
    }


def _module(status: str) -> dict[str, Shape]:
    labels = {"host": "node1", "module": "datastore_worker"}
    name = "onedata_worker_module_status"
    return {
        series(name, status="ok", **labels): turns(1, 0),
        series(name, status=status, **labels): turns(0, 1),
    }


SERVICES = (
    Case(
        alert="OnedataServiceDown",
        severity="critical",
        after=7,
        changes={
            **component("database", "node1", well=False),
            **component("database", "node2", well=False),
        },
        labels={**OWN, "component": "database"},
        summary="krakow has no healthy database",
        description="Onepanel of krakow reports no healthy database on any host. First step: check its state "
        "on each host in Onepanel on port 9443, and start it there.",
    ),
    Case(
        alert="OnedataServiceUnhealthy",
        severity="warning",
        after=12,
        changes={
            **component("worker", "node1", well=True),
            **component("worker", "node2", well=False),
            series(
                "onedata_worker_module_status", host="node2", module="datastore_worker", status="error"
            ): turns(0, 1),
        },
        labels={**OWN, "component": "worker", "host": "node2"},
        summary="The worker of krakow on node2 is not healthy",
        description="Onepanel of krakow reports the worker on node2 as not healthy; other hosts carry its load. "
        "First step: log in to that host and read the log of the service.",
    ),
    Case(
        alert="OnedataWorkerModuleError",
        severity="warning",
        after=10,
        changes={
            **_module("error"),
            **component("worker", "node1", well=False, word="unhealthy"),
            **component("worker", "node2", well=True),
        },
        labels={**OWN, "host": "node1", "module": "datastore_worker"},
        summary="Module datastore_worker of the worker of krakow on node1 is in error",
        description="The worker of krakow on node1 reports an error in datastore_worker. "
        "First step: search the worker's log on that host for this module.",
    ),
    Case(
        alert="OnedataWorkerOutOfSync",
        severity="warning",
        after=15,
        changes=_module("out_of_sync"),
        labels={**OWN, "host": "node1", "module": "datastore_worker"},
        summary="Module datastore_worker of the worker of krakow on node1 is out of sync",
        description="The worker of krakow on node1 reports datastore_worker as out of sync with the other nodes. "
        "First step: check the connections between the hosts of the cluster, and their clocks.",
    ),
    Case(
        alert="OnedataCredentialsRejected",
        severity="warning",
        after=12,
        changes={series("onedata_credentials_accepted", method="token"): turns(1, 0)},
        labels={**OWN, "method": "token"},
        elsewhere=None,
        summary="krakow rejects the token",
        description="Onepanel of krakow rejects the configured token: the state of its services may be unknown. "
        "First step: put a valid token into its file.",
    ),
    Case(
        alert="OnedataDnsCheckFailed",
        severity="warning",
        after=15,
        changes={
            series("onedata_dns_check_status", check="domain", status="ok"): turns(1, 0),
            series("onedata_dns_check_status", check="domain", status="bad_records"): turns(0, 1),
        },
        labels={**OWN, "check": "domain"},
        summary="The DNS records of krakow are wrong",
        description="The DNS check of krakow reports wrong or missing records (domain). "
        "First step: compare them with those that Onepanel recommends under DNS.",
    ),
    Case(
        alert="OnedataConfigurationIncomplete",
        severity="warning",
        after=17,
        changes={series("onedata_configuration_complete"): turns(1, 0)},
        labels=OWN,
        summary="Onepanel of krakow returns only a part of its configuration",
        description="Onepanel of krakow returns its reduced configuration: it has an internal error, or "
        "cannot query its worker. First step: check the worker's state, then the log of Onepanel.",
    ),
)
