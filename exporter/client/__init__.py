"""The only part that talks to Onepanel: connections, phases, certificates, limits, deadlines."""
