"""The tables of activity, and the fields that its events arrive with."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from touchline.core.contracts import Column, Contract

EVENT_TYPES = ("login", "view_item", "add_to_cart", "purchase")


@dataclass(frozen=True)
class EventFields:
    """The fields of an event as it arrives: name -> what JSON calls its values, null aside.

    A field that is not among them is taken up as it is; one that is missing from a whole file, or
    has another type there throughout, breaks this version of the contract.
    """

    version: int = 1
    types: Mapping[str, str] = field(
        default_factory=lambda: {
            "event_id": "text",
            "user_id": "text",
            "event_type": "text",
            "event_ts": "text",
            "amount": "number",
        }
    )


FIELDS = EventFields()

# fmt: off
CURATED_EVENTS = Contract(
    "activity.curated_events",
    "one row per event_id and ingestion date",
    (
        Column("ingestion_date", "string", "Day on which the event arrived, YYYY-MM-DD", null=False, origin="derived"),
        Column("source_system", "string", "System that the event came from", null=False, origin="derived"),
        Column("event_id", "string", "Provider's id of the event", null=False),
        Column("user_id", "string", "Who did it; null where nobody was logged in"),
        Column("event_type", "string", "What was done", null=False, allowed=EVENT_TYPES),
        Column("event_at", "instant", "When it was done, UTC: the provider's event_ts", null=False),
        Column("amount", "double", "Value of a purchase, in the shop's currency; null for all else"),
        Column("more", "string", "Fields that version 1 of the contract does not know, as a JSON object; null if there are none"),
    ),
    key=("event_id",),
    replace_by=("ingestion_date",),
    partition_by=("ingestion_date",),
    layer="silver",
)
# fmt: on
