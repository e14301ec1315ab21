"""onedata-exporter: watches both paths to every Onepanel and reports what is broken and what to do."""

__version__ = "0.1.0"
