"""The history of matches: the archived log -> events -> statistics."""

from touchline.core import archive
from touchline.core.pipeline import Bronze, Pipeline, Step
from touchline.core.ports import Partition, Record, partition
from touchline.errors import ConfigError
from touchline.matches import gold, silver
from touchline.matches.contracts import MATCH_EVENTS, MATCH_STATS
from touchline.matches.live import NO_MATCH, TOPIC

BRONZE = Bronze("matches.bronze_events", archive.FILES, archive.decode, archive.relation)


def pipeline() -> Pipeline:
    """Its two steps. However many records are rejected, the rest is published, as it is live."""
    return Pipeline(
        "matches",
        (BRONZE,),
        (
            Step(MATCH_EVENTS, (BRONZE.table,), silver.match_events),
            Step(MATCH_STATS, (MATCH_EVENTS.table,), gold.match_stats),
        ),
        max_rejected=1.0,
        put_right="correct or cancel the event, see docs/matches.md",
    )


def of_match(record: Record) -> Partition:
    """The match of a record of the log, by its key."""
    try:
        return partition(match_id=record.key)
    except ConfigError:
        return partition(match_id=NO_MATCH)


ARCHIVE = archive.Archive(TOPIC, "matches", of_match)
