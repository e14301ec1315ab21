"""What can be made to go wrong: a closed set.

The texts of each fault are in `exporter.simulator.fault_texts`, its effects in `exporter.simulator.effects`.
"""

from __future__ import annotations

from enum import Enum

from exporter.diagnosis.rules import Diagnosis
from exporter.simulator.fault_texts import FAULT_TEXTS


class Fault(Enum):
    """A fault that can be switched on and off while a cluster runs."""

    # The processes.
    WORKER_STOPPED = "worker_stopped"
    WORKER_SILENT = "worker_silent"
    PANEL_STOPPED = "panel_stopped"
    PANEL_FROZEN = "panel_frozen"
    PANEL_SILENT = "panel_silent"
    HOST_DOWN = "host_down"
    HOST_FROZEN = "host_frozen"
    NEIGHBOUR_STOPPED = "neighbour_stopped"
    NEIGHBOUR_FROZEN = "neighbour_frozen"
    DIRECT_CLOSED = "direct_closed"
    # The answers of Onepanel.
    LISTENER_FAILING = "listener_failing"
    EXECUTOR_STUCK = "executor_stuck"
    BREAKER_OPEN = "breaker_open"
    DATABASE_DOWN = "database_down"
    TABLE_LOCKED = "table_locked"
    TEMPORARY_FAILURE = "temporary_failure"
    INTERNAL_TIMEOUT = "internal_timeout"
    NO_CONNECTION_TO_ONEZONE = "no_connection_to_onezone"
    UNREGISTERED_ONEPROVIDER = "unregistered_oneprovider"
    LIMIT_REACHED = "limit_reached"
    OLD_VERSION = "old_version"
    NOT_DEPLOYED = "not_deployed"
    LATENCY = "latency"
    # What stands between.
    ELSEWHERE = "elsewhere"
    FOREIGN_PROXY = "foreign_proxy"
    PROXY_NOT_FOUND = "proxy_not_found"
    PROXY_LOGIN = "proxy_login"
    PROXY_REDIRECT = "proxy_redirect"
    DIRECT_FOREIGN = "direct_foreign"
    # Certificates.
    PROXY_CERTIFICATE_ENDING = "proxy_certificate_ending"
    PROXY_CERTIFICATE_EXPIRED = "proxy_certificate_expired"
    PROXY_CERTIFICATE_NOT_YET_VALID = "proxy_certificate_not_yet_valid"
    PROXY_CERTIFICATE_OTHER_NAME = "proxy_certificate_other_name"
    PROXY_CERTIFICATE_UNTRUSTED = "proxy_certificate_untrusted"
    PROXY_ISSUER_EXPIRED = "proxy_issuer_expired"
    PROXY_CHAIN_INCOMPLETE = "proxy_chain_incomplete"
    PROXY_CERTIFICATES_DIFFER = "proxy_certificates_differ"
    CERTIFICATE_RENEWED = "certificate_renewed"
    DIRECT_CERTIFICATE_EXPIRED = "direct_certificate_expired"
    DIRECT_CERTIFICATE_NOT_YET_VALID = "direct_certificate_not_yet_valid"
    DIRECT_CERTIFICATE_OTHER_NAME = "direct_certificate_other_name"
    DIRECT_CERTIFICATE_UNTRUSTED = "direct_certificate_untrusted"
    # Broken bytes on 443.
    PROXY_PLAIN_HTTP = "proxy_plain_http"
    PROXY_NOT_HTTP = "proxy_not_http"
    PROXY_WRONG_TYPE = "proxy_wrong_type"
    PROXY_INVALID_JSON = "proxy_invalid_json"
    PROXY_ENDLESS = "proxy_endless"
    PROXY_TRUNCATED = "proxy_truncated"
    PROXY_RESET = "proxy_reset"
    PROXY_LOSSY = "proxy_lossy"
    DIRECT_LOSSY = "direct_lossy"
    PROXY_DRIP = "proxy_drip"

    @property
    def title(self) -> str:
        """An order, such as 'stop the worker'."""
        return FAULT_TEXTS[self.value].title

    @property
    def explanation(self) -> str:
        """What the two paths show under this fault."""
        return FAULT_TEXTS[self.value].explanation

    @property
    def diagnosis(self) -> Diagnosis:
        """The diagnosis of the exporter when this fault is the only one."""
        return FAULT_TEXTS[self.value].diagnosis
