"""Digests: what is new for each subscriber (`selection`), and the message that says so (`rendering`)."""
