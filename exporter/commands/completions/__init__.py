"""The completion of the command line, as a script for each shell."""
