"""Pages for people: the report of a match."""

from touchline.tracking.serve.report import MatchTables, page

__all__ = ["MatchTables", "page"]
