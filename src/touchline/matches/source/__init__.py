"""Whole files of match events: recognised by what is in them, and told as events are posted."""

from touchline.matches.source.clock import KickOffs, kick_offs
from touchline.matches.source.files import (
    Feed,
    Refusal,
    clocked,
    must_be_of_one_match,
    must_be_timed,
    read,
    timed,
)
from touchline.matches.source.found import arrivals, event_files
from touchline.matches.source.taking import Taken, taken, usable

__all__ = [
    "Feed",
    "KickOffs",
    "Refusal",
    "Taken",
    "arrivals",
    "clocked",
    "event_files",
    "kick_offs",
    "must_be_of_one_match",
    "must_be_timed",
    "read",
    "taken",
    "timed",
    "usable",
]
