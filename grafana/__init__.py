"""Grafana: dashboards, and how they get into it."""
