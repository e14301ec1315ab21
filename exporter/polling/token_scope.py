"""Whether the token that discovered clusters receive is confined to the panels of Oneproviders.

A zone can list any host. Each of them receives the token of `discover.defaults.auth`: one without a `service` caveat
would open the zone, and every other service, to such a host.
"""

from __future__ import annotations

from exporter.credentials.caveats import read_caveats
from exporter.files import read_secret
from exporter.targets import Discovery

# `opp-ID` is the Onepanel of a Oneprovider, `opp-*` that of any.
_PANEL_OF_PROVIDER = "opp-"
_ADVICE = "create a token with the caveat `service = opp-*` for discover.defaults.auth"


def scope_fault(discovery: Discovery) -> str:
    """Return why the common token of discovered clusters is not confined to their panels; empty if it is.

    It is empty, too, if there is no such token. A token that cannot be read here is not judged.
    """
    secret = discovery.template.auth.token if discovery.template else None
    if secret is None:
        return ""
    try:
        caveats = read_caveats(read_secret(secret))
    except (OSError, ValueError):
        return ""  # which polling reports
    if caveats is None:
        return ""
    services = caveats.services
    if services is None:
        return (
            f"the token for discovered clusters has no caveat `service`, so that it works anywhere; {_ADVICE}"
        )
    others = [each for each in services if not each.startswith(_PANEL_OF_PROVIDER)]
    if others:
        return f"the token for discovered clusters is valid for other services than their panels; {_ADVICE}"
    return ""
