"""The configuration: read from command line, environment and a YAML file, and validated before the start."""
