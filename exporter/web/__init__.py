"""The HTTP pages: `/metrics`, the status pages for people, their JSON, health and readiness."""
