"""The text of `/metrics`: declarations, views of the state, tables and their compressed text."""
