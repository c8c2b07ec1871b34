"""The tables of matches."""

from touchline.core.contracts import Column, Contract

COUNTS = {
    "goals": "goal",
    "own_goals": "own_goal",
    "shots": "shot",
    "passes": "pass",
    "crosses": "cross",
    "take_ons": "take_on",
    "duels": "duel",
    "tackles": "tackle",
    "interceptions": "interception",
    "clearances": "clearance",
    "recoveries": "recovery",
    "saves": "save",
    "fouls": "foul",
    "offsides": "offside",
    "cards": "card",
    "corners": "corner",
}
"""A column of MATCH_STATS -> the type of the events that it counts."""

_ALONE = {
    "goals": "; what happened before it, such as a shot, counts where the feed says so as an event of its own",
    "own_goals": " that this team, or player, made: they count for the other side",
    "fouls": " that this team, or player, committed",
    "cards": " shown, of whatever colour",
}

# fmt: off
_MATCH = Column("match_id", "string", "Match, by its provider's id", null=False)

MATCH_EVENTS = Contract(
    "matches.match_events",
    "one row per event_id of a match, as it is known now",
    (
        _MATCH,
        Column("event_id", "string", "Event, by its provider's id, or by one that was made for it", null=False),
        Column("event_type", "string", "What happened: small letters, such as goal or free_kick", null=False),
        Column("status", "string", "What is held of it: confirmed, provisional, or cancelled by a correction", null=False, allowed=("confirmed", "provisional", "cancelled")),
        Column("version", "int", "How many times something was said of it: 1, and one more for each correction", null=False, origin="derived"),
        Column("event_at", "instant", "When it happened, UTC: its timestamp, else its clock counted from its period's kick-off", null=False, origin="derived"),
        Column("sequence", "long", "Its provider's number among the events of one instant; 0 where there is none", null=False),
        Column("season", "string", "Season, such as 2024/2025; it begins in August", null=False, origin="derived"),
        Column("period", "long", "Period: 1 and 2 are the halves, 3 and 4 extra time, 5 the shoot-out"),
        Column("minute", "long", "Minute on the scoreboard", unit="min"),
        Column("second", "double", "Second of that minute", unit="s"),
        Column("team_id", "string", "Team that did it; null where it is of no team"),
        Column("player_id", "string", "Player who did it; null where it is of nobody"),
        Column("more", "string", "All else that was posted of it, as a JSON object; null if there is nothing"),
        Column("first_known_at", "instant", "When the log had it first, UTC", null=False, origin="derived"),
        Column("changed_at", "instant", "When the log had the newest that is known of it, UTC", null=False, origin="derived"),
        Column("log_offset", "long", "Offset in the log of the record that this was known from", null=False, origin="derived"),
    ),
    key=("match_id", "event_id"),
    replace_by=("match_id",),
    partition_by=("match_id",),
    layer="silver",
)


def _count(name: str) -> Column:
    said = f"Events of type {COUNTS[name]}{_ALONE.get(name, '')}; cancelled ones are not counted"
    return Column(name, "long", said, unit="events", null=False, origin="derived")


MATCH_STATS = Contract(
    "matches.match_stats",
    "one row per team of a match, player_id null, and one per player and team",
    (
        _MATCH,
        Column("team_id", "string", "Team; null for events that name none"),
        Column("player_id", "string", "Player; null in the row of the whole team, which counts events of no player, too"),
        Column("events", "long", "Events of any type; cancelled ones are not counted, provisional ones are", unit="events", null=False, origin="derived"),
        *(_count(name) for name in COUNTS),
    ),
    key=("match_id", "team_id", "player_id"),
    replace_by=("match_id",),
    partition_by=("match_id",),
)
# fmt: on
