"""The configuration file: its keys as frozen types, and how it is read."""

from touchline.config.kafka import KafkaLog
from touchline.config.loading import load
from touchline.config.section import Secret
from touchline.config.sections import Activity, Config, Tracking

__all__ = ["Activity", "Config", "KafkaLog", "Secret", "Tracking", "load"]
