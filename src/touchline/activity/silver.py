"""Decoded events -> typed, once each."""

import polars as pl

from touchline.activity.contracts import EVENT_TYPES

_FIRST = ("_arrival", "event_at", "_line")


def curated_events(bronze_events: pl.DataFrame) -> pl.LazyFrame:
    """The events of a day, each id once, in the order in which they happened.

    Of several rows with one id that of the earliest arrival stays, within one file that with the
    earliest event_ts; the others are left out, not rejected: the gate has counted them. A row that
    is to be rejected never stands in for a good one. An event_ts that is no instant is rejected
    with its line, never null.

    Args:
        bronze_events: Rows as `source.decode` gives them, of all files of one ingestion date.

    Returns:
        CURATED_EVENTS, ordered by event_at and event_id; no events give no rows.

    Source: design 002. A duplicate keeps its event_id, and its event_ts moves by 1 to 120 s.
    """
    whole = pl.all_horizontal(pl.col("event_id", "event_type", "event_at").is_not_null())
    odd_instant = pl.col("event_at").is_null() & pl.col("event_ts").is_not_null()
    return (
        bronze_events.lazy()
        .with_columns(
            source_system=pl.col("_file").str.extract(r"^events/([^/]+)/"),
            event_at=_instant(pl.col("event_ts")),
            _line=pl.col("line"),
            _arrival=pl.col("_file").rle_id(),
        )
        .with_columns(
            _good=whole & pl.col("event_type").is_in(EVENT_TYPES),
            _reject=pl.when(odd_instant).then(pl.lit("event_ts is not an instant")),
        )
        .sort(*_FIRST)
        .filter(~pl.col("_good") | pl.struct("event_id", "_good").is_first_distinct())
        .sort("event_at", "event_id", *_FIRST)
    )


def _instant(text: pl.Expr) -> pl.Expr:
    """ISO 8601 with a time zone or Z, in UTC; null where it is anything else."""
    return text.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)
