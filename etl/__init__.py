"""Raw dumps of research-paper listings in, a validated DuckDB warehouse out."""

__version__ = "0.1.0"
