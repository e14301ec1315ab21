"""Metrics of the public interface that rules and runbooks know already, and that the exporter does not export yet."""

PENDING: frozenset[str] = frozenset()
