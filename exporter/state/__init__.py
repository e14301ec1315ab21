"""The latest checkup, the counters and the short history of every target."""
