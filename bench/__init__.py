"""What the exporter costs, measured beside blackbox_exporter: `python -m bench`, or `make bench`."""
