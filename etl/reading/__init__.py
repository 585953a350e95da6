"""Bytes to records: what every source shares before meaning begins. Positions count bytes of the decoded stream."""
