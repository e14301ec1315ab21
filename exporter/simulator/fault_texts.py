"""The words of each fault, and the diagnosis that it leads to, by the value of `Fault`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from exporter.diagnosis.rules import Diagnosis


class FaultText(NamedTuple):
    """`title` is an order ('stop the worker'), `explanation` describes what the two paths show."""

    title: str
    explanation: str
    diagnosis: Diagnosis


FAULT_TEXTS: Mapping[str, FaultText] = {
    "worker_stopped": FaultText(
        "stop the worker",
        "443 refuses connections; Onepanel works on 9443.",
        Diagnosis.PROXY_DOWN,
    ),
    "worker_silent": FaultText(
        "make the worker accept connections but never answer",
        "443 takes requests and stays silent; 9443 works.",
        Diagnosis.PROXY_DOWN,
    ),
    "panel_stopped": FaultText(
        "stop Onepanel",
        "443 answers with an empty 503 at once; 9443 refuses connections.",
        Diagnosis.PANEL_DOWN,
    ),
    "panel_frozen": FaultText(
        "freeze Onepanel (SIGSTOP)",
        "443 answers with an empty 503 after 8 s; 9443 accepts connections, and finishes no TLS handshake.",
        Diagnosis.PANEL_DOWN,
    ),
    "panel_silent": FaultText(
        "make Onepanel accept connections but never answer",
        "443 answers with an empty 503 after 30 s; 9443 takes requests and stays silent.",
        Diagnosis.PANEL_DOWN,
    ),
    "host_down": FaultText(
        "stop both the worker and Onepanel",
        "Both ports refuse connections.",
        Diagnosis.UNREACHABLE,
    ),
    "host_frozen": FaultText(
        "freeze the whole host",
        "Both ports accept TCP connections, and neither finishes a TLS handshake.",
        Diagnosis.HOST_FROZEN,
    ),
    "neighbour_stopped": FaultText(
        "stop the host of another node",
        "`/health` answers 500 on both paths; the statuses of all hosts of a component answer 503.",
        Diagnosis.UNHEALTHY,
    ),
    "neighbour_frozen": FaultText(
        "freeze the host of another node",
        "`/health` answers 500, after 68 s at first and 7 s later. Once, this Onepanel answers nothing for 18 s.",
        Diagnosis.UNHEALTHY,
    ),
    "direct_closed": FaultText(
        "close port 9443 to the outside",
        "9443 refuses connections; the worker still reaches Onepanel, and 443 works.",
        Diagnosis.DIRECT_DOWN,
    ),
    "listener_failing": FaultText(
        "break a listener of Onepanel",
        "`/health` answers 500 with a JSON error on both paths, `/configuration` works.",
        Diagnosis.UNHEALTHY,
    ),
    "executor_stuck": FaultText(
        "block the executor of Onepanel",
        "The statuses of components and of the certificate answer 500 after 5 s; all other operations work.",
        Diagnosis.OK,
    ),
    "breaker_open": FaultText(
        "fill the database's disk",
        "Onepanel's circuit breaker is open: 503 with a JSON error for everything, on both paths.",
        Diagnosis.DATABASE_FULL,
    ),
    "database_down": FaultText(
        "stop the database of Onepanel",
        "`/health` and `/configuration` answer 500; every request with credentials answers 401.",
        Diagnosis.UNHEALTHY,
    ),
    "table_locked": FaultText(
        "lock a table of Onepanel's database",
        "`/configuration` never answers on both paths, `/health` reports `healthy`.",
        Diagnosis.OK,
    ),
    "temporary_failure": FaultText(
        "make Onepanel fail temporarily",
        "Every operation answers 503 with the JSON error `temporaryFailure`, on both paths.",
        Diagnosis.UNHEALTHY,
    ),
    "internal_timeout": FaultText(
        "make Onepanel time out internally",
        "Every operation answers 503 with the JSON error `timeout`, on both paths.",
        Diagnosis.UNHEALTHY,
    ),
    "no_connection_to_onezone": FaultText(
        "cut Onepanel off from its Onezone",
        "Every operation answers 503 with the JSON error `noConnectionToOnezone`, on both paths.",
        Diagnosis.UNHEALTHY,
    ),
    "unregistered_oneprovider": FaultText(
        "answer as an unregistered Oneprovider",
        "Every operation answers 503 with the JSON error `unregisteredOneprovider`, on both paths.",
        Diagnosis.UNHEALTHY,
    ),
    "limit_reached": FaultText(
        "exhaust a limit of Onepanel",
        "Every operation answers 503 with the JSON error `limitReached`, on both paths.",
        Diagnosis.UNHEALTHY,
    ),
    "old_version": FaultText(
        "go back to a version without a health check",
        "Older than 21.02.1: `/health` answers an empty 404, `/configuration` works.",
        Diagnosis.OK,
    ),
    "not_deployed": FaultText(
        "undo the deployment",
        "Onepanel works, and reports that its cluster is not deployed.",
        Diagnosis.NOT_DEPLOYED,
    ),
    "latency": FaultText(
        "slow Onepanel down",
        "Every answer of Onepanel takes half a second longer, on both paths.",
        Diagnosis.OK,
    ),
    "elsewhere": FaultText(
        "route 443 to another zone",
        "Both paths work, but report different versions.",
        Diagnosis.MISMATCH,
    ),
    "foreign_proxy": FaultText(
        "put an ordinary reverse proxy in front, its upstream down",
        "443 answers 502 with an HTML page; 9443 works.",
        Diagnosis.PROXY_BROKEN,
    ),
    "proxy_not_found": FaultText(
        "remove the routes of the proxy",
        "443 answers an empty 404 to everything; 9443 works.",
        Diagnosis.PROXY_BROKEN,
    ),
    "proxy_login": FaultText(
        "put a login in front of 443",
        "443 answers 401 with an HTML page; 9443 works.",
        Diagnosis.PROXY_BROKEN,
    ),
    "proxy_redirect": FaultText(
        "make 443 redirect to another site",
        "443 answers 302, which the exporter does not follow. 9443 works.",
        Diagnosis.PROXY_BROKEN,
    ),
    "direct_foreign": FaultText(
        "put another web server on port 9443",
        "9443 answers 200 with an HTML page; the worker still reaches Onepanel, and 443 works.",
        Diagnosis.DIRECT_DOWN,
    ),
    "proxy_certificate_ending": FaultText(
        "let the certificate of 443 expire soon",
        "443 shows a certificate that expires in three days; both paths work.",
        Diagnosis.OK,
    ),
    "proxy_certificate_expired": FaultText(
        "let the certificate of 443 expire",
        "443 shows an expired certificate.",
        Diagnosis.CERTIFICATE,
    ),
    "proxy_certificate_not_yet_valid": FaultText(
        "give 443 a certificate that is not yet valid",
        "443 shows a certificate that is not yet valid.",
        Diagnosis.CERTIFICATE,
    ),
    "proxy_certificate_other_name": FaultText(
        "give 443 the certificate of another domain",
        "443 shows a certificate for another name.",
        Diagnosis.CERTIFICATE,
    ),
    "proxy_certificate_untrusted": FaultText(
        "give 443 a certificate of an unknown authority",
        "443 shows a certificate of an unknown authority.",
        Diagnosis.CERTIFICATE,
    ),
    "proxy_issuer_expired": FaultText(
        "let an issuer of the certificate of 443 expire",
        "443 shows a certificate that has not expired, with an intermediate that has.",
        Diagnosis.CERTIFICATE,
    ),
    "proxy_chain_incomplete": FaultText(
        "leave the intermediate out of the chain of 443",
        "443 shows its certificate without the intermediate that issued it.",
        Diagnosis.CERTIFICATE,
    ),
    "proxy_certificates_differ": FaultText(
        "let 443 show another certificate every second time",
        "443 shows two good certificates in turn, as if a node were left out of a renewal; both paths work.",
        Diagnosis.OK,
    ),
    "certificate_renewed": FaultText(
        "renew the certificate",
        "Both ports show another good certificate; both paths work.",
        Diagnosis.OK,
    ),
    "direct_certificate_expired": FaultText(
        "let Onepanel's certificate expire",
        "9443 shows an expired certificate; the worker refuses it, too: empty 503 on 443.",
        Diagnosis.CERTIFICATE,
    ),
    "direct_certificate_not_yet_valid": FaultText(
        "give Onepanel a certificate that is not yet valid",
        "9443 shows a certificate that is not yet valid; the worker refuses it, too: empty 503 on 443.",
        Diagnosis.CERTIFICATE,
    ),
    "direct_certificate_other_name": FaultText(
        "give Onepanel the certificate of another domain",
        "9443 shows a certificate for another name; the worker accepts it, and 443 works.",
        Diagnosis.CERTIFICATE,
    ),
    "direct_certificate_untrusted": FaultText(
        "give Onepanel a certificate that the zone's chain did not sign",
        "9443 shows a certificate of an unknown authority; the worker refuses it, too: empty 503 on 443.",
        Diagnosis.CERTIFICATE,
    ),
    "proxy_plain_http": FaultText(
        "serve plain HTTP on 443",
        "443 does not use TLS.",
        Diagnosis.CERTIFICATE,
    ),
    "proxy_not_http": FaultText(
        "serve another protocol on 443",
        "443 answers with something that is not HTTP.",
        Diagnosis.PROXY_BROKEN,
    ),
    "proxy_wrong_type": FaultText(
        "label the answers on 443 as HTML",
        "443 passes the right answers on with the wrong content type.",
        Diagnosis.PROXY_BROKEN,
    ),
    "proxy_invalid_json": FaultText(
        "garble the answers on 443",
        "443 answers with truncated JSON.",
        Diagnosis.PROXY_BROKEN,
    ),
    "proxy_endless": FaultText(
        "make the answers on 443 endless",
        "443 sends an answer that never stops.",
        Diagnosis.PROXY_BROKEN,
    ),
    "proxy_truncated": FaultText(
        "cut the answers on 443 short",
        "443 promises more than it sends, then closes the connection.",
        Diagnosis.PROXY_DOWN,
    ),
    "proxy_reset": FaultText(
        "reset connections to 443 during the answer",
        "443 begins to answer, then resets the connection.",
        Diagnosis.PROXY_DOWN,
    ),
    "proxy_lossy": FaultText(
        "reset every second connection to 443",
        "Every second connection to 443 is reset once it carried a request.",
        Diagnosis.PROXY_BROKEN,
    ),
    "direct_lossy": FaultText(
        "reset every second connection to 9443",
        "Every second connection to 9443 is reset once it carried a request.",
        Diagnosis.UNHEALTHY,
    ),
    "proxy_drip": FaultText(
        "send the answers on 443 byte by byte",
        "443 sends one byte a second.",
        Diagnosis.PROXY_DOWN,
    ),
}
