"""The list of all metrics, by what they are about. Adding a metric is one declaration in one of these files.

The metrics of an operation are declared with the operation, in `exporter.operations`.
"""

from exporter.exposition.catalogue.certificates import CERTIFICATE_METRICS, RENEWAL_METRICS
from exporter.exposition.catalogue.exporter import EXPORTER_METRICS
from exporter.exposition.catalogue.federation import FEDERATION_METRICS
from exporter.exposition.catalogue.paths import NODE_METRICS
from exporter.exposition.catalogue.paths import ROUTE_METRICS as _ROUTE_METRICS
from exporter.exposition.catalogue.polling import TARGET_METRICS as _TARGET_METRICS

ROUTE_METRICS = (*_ROUTE_METRICS, *CERTIFICATE_METRICS)
TARGET_METRICS = (*_TARGET_METRICS, *RENEWAL_METRICS, *FEDERATION_METRICS)

__all__ = ["EXPORTER_METRICS", "NODE_METRICS", "ROUTE_METRICS", "TARGET_METRICS"]
