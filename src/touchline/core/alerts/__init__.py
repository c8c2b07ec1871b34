"""What is not well becomes incidents, and each incident is told once, and once when it is over."""

from touchline.core.alerts.alerting import Alerting
from touchline.core.alerts.incidents import Observed, observe
from touchline.core.alerts.looking import (
    of_bronze,
    of_done,
    of_partition,
    of_pipeline,
    of_stream,
)
from touchline.core.alerts.outbox import deliver, waits_for
from touchline.core.alerts.to_do import to_do

__all__ = [
    "Alerting",
    "Observed",
    "deliver",
    "observe",
    "of_bronze",
    "of_done",
    "of_partition",
    "of_pipeline",
    "of_stream",
    "to_do",
    "waits_for",
]
