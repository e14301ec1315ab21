"""What can be made to go wrong: a closed set, with words for people and the diagnosis one should see.

How each is brought about stands in `exporter.simulator.effects`.
"""

from __future__ import annotations

from enum import Enum
from typing import Self

from exporter.diagnosis.rules import Diagnosis


class Fault(Enum):
    """A fault that can be switched on and off while the zone runs.

    `title` is an order ('stop the worker'), `explanation` says what the two paths then show, and
    `diagnosis` is what the exporter concludes when this fault is the only one.
    """

    title: str
    explanation: str
    diagnosis: Diagnosis

    def __new__(cls, value: str, title: str, explanation: str, diagnosis: Diagnosis) -> Self:
        """Make a member that also carries its words."""
        member = object.__new__(cls)
        member._value_ = value
        member.title = title
        member.explanation = explanation
        member.diagnosis = diagnosis
        return member

    # The processes.
    WORKER_STOPPED = (
        "worker_stopped",
        "stop the worker",
        "443 refuses connections; Onepanel on 9443 is well.",
        Diagnosis.PROXY_DOWN,
    )
    WORKER_SILENT = (
        "worker_silent",
        "make the worker accept connections but never answer",
        "443 takes requests and stays silent; 9443 is well.",
        Diagnosis.PROXY_DOWN,
    )
    PANEL_STOPPED = (
        "panel_stopped",
        "stop Onepanel",
        "443 answers with an empty 503 at once; 9443 refuses connections.",
        Diagnosis.PANEL_DOWN,
    )
    PANEL_FROZEN = (
        "panel_frozen",
        "freeze Onepanel (SIGSTOP)",
        "443 answers with an empty 503 after 8 s; 9443 can be connected to, then silence.",
        Diagnosis.PANEL_DOWN,
    )
    PANEL_SILENT = (
        "panel_silent",
        "make Onepanel accept connections but never answer",
        "443 answers with an empty 503 after 30 s; 9443 takes requests and stays silent.",
        Diagnosis.PANEL_DOWN,
    )
    HOST_DOWN = (
        "host_down",
        "stop both the worker and Onepanel",
        "Both ports refuse connections.",
        Diagnosis.UNREACHABLE,
    )
    DIRECT_CLOSED = (
        "direct_closed",
        "close port 9443 to the outside",
        "9443 refuses connections; the worker still reaches Onepanel, and 443 is well.",
        Diagnosis.DIRECT_DOWN,
    )
    # What Onepanel says.
    LISTENER_SICK = (
        "listener_sick",
        "make a listener of Onepanel sick",
        "`/health` answers 500 with a JSON error on both paths, `/configuration` is well.",
        Diagnosis.UNHEALTHY,
    )
    BREAKER_OPEN = (
        "breaker_open",
        "fill the database's disk",
        "Onepanel's circuit breaker is open: 503 with a JSON error for everything, on both paths.",
        Diagnosis.DATABASE_FULL,
    )
    DATABASE_DOWN = (
        "database_down",
        "stop the database of Onepanel",
        "Everything answers 401 with a JSON error, though nobody showed credentials.",
        Diagnosis.UNKNOWN,
    )
    OLD_VERSION = (
        "old_version",
        "go back to a version without a health check",
        "Older than 21.02.1: `/health` answers an empty 404, `/configuration` is well.",
        Diagnosis.OK,
    )
    NOT_DEPLOYED = (
        "not_deployed",
        "undo the deployment",
        "Onepanel is well, but says that its cluster is not deployed.",
        Diagnosis.NOT_DEPLOYED,
    )
    LATENCY = (
        "latency",
        "slow Onepanel down",
        "Every answer of Onepanel takes half a second longer, on both paths.",
        Diagnosis.OK,
    )
    # What stands between.
    ELSEWHERE = (
        "elsewhere",
        "lead 443 to another zone",
        "Both paths are well, but they are not the same version.",
        Diagnosis.MISMATCH,
    )
    FOREIGN_PROXY = (
        "foreign_proxy",
        "put an ordinary reverse proxy in front, its upstream down",
        "443 answers 502 with an HTML page; 9443 is well.",
        Diagnosis.PROXY_BROKEN,
    )
    PROXY_NOT_FOUND = (
        "proxy_not_found",
        "make the proxy forget its routes",
        "443 answers an empty 404 to everything; 9443 is well.",
        Diagnosis.PROXY_BROKEN,
    )
    PROXY_LOGIN = (
        "proxy_login",
        "put a login in front of 443",
        "443 answers 401 with an HTML page; 9443 is well.",
        Diagnosis.PROXY_BROKEN,
    )
    PROXY_REDIRECT = (
        "proxy_redirect",
        "make 443 redirect to another site",
        "443 answers 302; it is not followed. 9443 is well.",
        Diagnosis.PROXY_BROKEN,
    )
    DIRECT_FOREIGN = (
        "direct_foreign",
        "put another web server on port 9443",
        "9443 answers 200 with an HTML page; the worker still reaches Onepanel, and 443 is well.",
        Diagnosis.DIRECT_DOWN,
    )
    # Certificates.
    PROXY_CERTIFICATE_ENDING = (
        "proxy_certificate_ending",
        "let the certificate of 443 come near its end",
        "443 shows a certificate that ends in three days; both paths are well.",
        Diagnosis.OK,
    )
    PROXY_CERTIFICATE_EXPIRED = (
        "proxy_certificate_expired",
        "let the certificate of 443 expire",
        "443 shows a certificate whose time is over.",
        Diagnosis.CERTIFICATE,
    )
    PROXY_CERTIFICATE_NOT_YET_VALID = (
        "proxy_certificate_not_yet_valid",
        "give 443 a certificate of the future",
        "443 shows a certificate whose time has not begun.",
        Diagnosis.CERTIFICATE,
    )
    PROXY_CERTIFICATE_OTHER_NAME = (
        "proxy_certificate_other_name",
        "give 443 the certificate of another domain",
        "443 shows a certificate for another name.",
        Diagnosis.CERTIFICATE,
    )
    PROXY_CERTIFICATE_UNTRUSTED = (
        "proxy_certificate_untrusted",
        "give 443 a certificate of an unknown authority",
        "443 shows a certificate that nobody vouches for.",
        Diagnosis.CERTIFICATE,
    )
    DIRECT_CERTIFICATE_EXPIRED = (
        "direct_certificate_expired",
        "let Onepanel's certificate expire",
        "9443 shows a certificate whose time is over; the worker refuses it, too: empty 503 on 443.",
        Diagnosis.CERTIFICATE,
    )
    DIRECT_CERTIFICATE_NOT_YET_VALID = (
        "direct_certificate_not_yet_valid",
        "give Onepanel a certificate of the future",
        "9443 shows a certificate whose time has not begun; the worker refuses it, too: empty 503 on 443.",
        Diagnosis.CERTIFICATE,
    )
    DIRECT_CERTIFICATE_OTHER_NAME = (
        "direct_certificate_other_name",
        "give Onepanel the certificate of another domain",
        "9443 shows a certificate for another name; the worker does not mind, 443 is well.",
        Diagnosis.CERTIFICATE,
    )
    DIRECT_CERTIFICATE_UNTRUSTED = (
        "direct_certificate_untrusted",
        "give Onepanel a certificate that the zone's chain did not sign",
        "9443 shows a certificate that nobody vouches for; the worker refuses it, too: empty 503 on 443.",
        Diagnosis.CERTIFICATE,
    )
    # Broken bytes on 443.
    PROXY_PLAIN_HTTP = (
        "proxy_plain_http",
        "serve plain HTTP on 443",
        "443 does not speak TLS.",
        Diagnosis.CERTIFICATE,
    )
    PROXY_NOT_HTTP = (
        "proxy_not_http",
        "serve another protocol on 443",
        "443 answers with something that is not HTTP.",
        Diagnosis.PROXY_BROKEN,
    )
    PROXY_WRONG_TYPE = (
        "proxy_wrong_type",
        "label the answers on 443 as HTML",
        "443 passes the right answers on with the wrong content type.",
        Diagnosis.PROXY_BROKEN,
    )
    PROXY_INVALID_JSON = (
        "proxy_invalid_json",
        "garble the answers on 443",
        "443 answers with JSON that has lost its end.",
        Diagnosis.PROXY_BROKEN,
    )
    PROXY_ENDLESS = (
        "proxy_endless",
        "make the answers on 443 endless",
        "443 sends an answer that never stops.",
        Diagnosis.PROXY_BROKEN,
    )
    PROXY_TRUNCATED = (
        "proxy_truncated",
        "cut the answers on 443 short",
        "443 promises more than it sends, then closes the connection.",
        Diagnosis.PROXY_DOWN,
    )
    PROXY_RESET = (
        "proxy_reset",
        "reset connections to 443 amid the answer",
        "443 begins to answer, then resets the connection.",
        Diagnosis.PROXY_DOWN,
    )
    PROXY_DRIP = (
        "proxy_drip",
        "let the answers on 443 drip",
        "443 sends one byte a second.",
        Diagnosis.PROXY_DOWN,
    )
