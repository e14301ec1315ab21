"""The Oneproviders that a zone lists, and which of them become targets."""
