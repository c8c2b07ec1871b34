"""Made-up matches of the real shape, and feeds of them as they are sent: with planted truth and faults."""

from touchline.matches.simulate.feed import Faults, Feed, feed, write
from touchline.matches.simulate.play import Plan, play

__all__ = ["Faults", "Feed", "Plan", "feed", "play", "write"]
