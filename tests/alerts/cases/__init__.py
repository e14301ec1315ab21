"""What makes each alert fire, when, and with which words: the expectations that the rules are held to."""

from tests.alerts.cases.certificates import CERTIFICATES, SLOW_CERTIFICATES
from tests.alerts.cases.diagnoses import DIAGNOSES
from tests.alerts.cases.exporters import EXPORTERS
from tests.alerts.cases.federation import FEDERATION
from tests.alerts.cases.polling import POLLING
from tests.alerts.cases.quality import AVAILABILITY, QUALITY, SLOW_AVAILABILITY
from tests.alerts.cases.services import SERVICES

CASES = (
    *EXPORTERS,
    *POLLING,
    *DIAGNOSES,
    *CERTIFICATES,
    *SERVICES,
    *FEDERATION,
    *QUALITY,
    *AVAILABILITY,
    *SLOW_AVAILABILITY,
    *SLOW_CERTIFICATES,
)
