"""Whole files of match events: recognised by what is in them, and told as events are posted."""

from touchline.matches.source.clock import KickOffs, kick_offs
from touchline.matches.source.files import (
    Feed,
    Refusal,
    arrivals,
    event_files,
    must_be_timed,
    read,
    timed,
)
from touchline.matches.source.taking import Taken, taken, usable

__all__ = [
    "Feed",
    "KickOffs",
    "Refusal",
    "Taken",
    "arrivals",
    "event_files",
    "kick_offs",
    "must_be_timed",
    "read",
    "taken",
    "timed",
    "usable",
]
