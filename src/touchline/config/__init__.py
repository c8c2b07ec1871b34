"""The configuration file: its keys as frozen types, and how it is read."""

from touchline.config.loading import load
from touchline.config.sections import Activity, Config, Secret, Tracking

__all__ = ["Activity", "Config", "Secret", "Tracking", "load"]
