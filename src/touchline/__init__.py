"""Touchline: from raw sports and game feeds to trusted, served metrics."""

__version__ = "0.1.0"
