"""Matches: events of a match, live and as history, corrections and all (design 003)."""
