"""Design 003's end-to-end test, against any deployment: posted out of order, answered in order.

    python tests/matches/end_to_end.py --url http://127.0.0.1:8640 --key tl_...

The key may be in TOUCHLINE_API_KEY instead. It needs httpx only.
"""

import argparse
import os
import random
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

KICK_OFF = datetime(2023, 6, 15, 14, 30, tzinfo=UTC)
KINDS = ("pass", "goal", "pass", "foul", "pass", "goal", "shot")

Event = dict[str, Any]


def made(match_id: str, count: int) -> list[Event]:
    """Events of a match in the order in which they happened; two share an instant."""
    return [
        {
            "match_id": match_id,
            "event_id": f"{match_id}-{n:03d}",
            "event_type": KINDS[n % len(KINDS)],
            "player_id": f"player{n % 11}",
            "team_id": f"team{n % 2}",
            "timestamp": (KICK_OFF + timedelta(seconds=n // 2 * 30)).isoformat(),
            "sequence": n,
        }
        for n in range(count)
    ]


def posted(client: httpx.Client, events: Sequence[Event]) -> None:
    """All are accepted, half of them one by one and half in a batch, in no order."""
    mixed = random.Random(1).sample(list(events), len(events))
    half = len(mixed) // 2
    for event in mixed[:half]:
        answer = client.post("/events", json=event)
        expect(answer.status_code in (200, 201, 202), "POST /events", answer)
        expect(answer.json()["event_id"] == event["event_id"], "the event_id", answer)
    answer = client.post("/events/batch", json=mixed[half:])
    expect(answer.status_code in (200, 202), "POST /events/batch", answer)
    expect(answer.json()["refused"] == 0, "none is refused", answer)


def processed(client: httpx.Client, match_id: str, count: int, *, patience_s: float) -> None:
    """All that was posted is served."""
    end = time.monotonic() + patience_s
    while True:
        answer = client.get(f"/matches/{match_id}")
        if answer.status_code == 200 and answer.json()["event_count"] >= count:
            return
        expect(answer.status_code in (200, 404), "GET /matches/ID", answer)
        expect(time.monotonic() < end, f"{count} events within {patience_s:g} s", answer)
        time.sleep(0.1)


def checked(client: httpx.Client, match_id: str, events: Sequence[Event]) -> None:
    """Events, goals and passes come back in the order in which they happened, each once."""
    for path, number, name, kind in (
        ("", "event_count", "events", None),
        ("/goals", "total_goals", "goals", "goal"),
        ("/passes", "total_passes", "passes", "pass"),
    ):
        answer = client.get(f"/matches/{match_id}{path}", params={"limit": 1000})
        expect(answer.status_code == 200, f"GET /matches/ID{path}", answer)
        body = answer.json()
        wanted = [e["event_id"] for e in events if kind in (None, e["event_type"])]
        found = [e["event_id"] for e in body[name]]
        expect(body["match_id"] == match_id, "the match_id", answer)
        expect(found == wanted, f"{name} in order: {wanted}", answer)
        expect(body[number] == len(wanted), f"{number} {len(wanted)}", answer)


def expect(is_so: bool, wanted: str, answer: httpx.Response) -> None:
    """End the test with what was seen, unless it is so."""
    if not is_so:
        raise SystemExit(f"expected {wanted}; seen {answer.status_code} {answer.text[:500]}")


def main(words: Sequence[str] | None = None, say: Callable[[str], None] = print) -> None:
    """The whole test; exits with 1 and what was seen where a promise broke."""
    parser = argparse.ArgumentParser(description="Design 003's end-to-end test.")
    parser.add_argument("--url", required=True, help="where the live path is served")
    parser.add_argument("--key", default=os.environ.get("TOUCHLINE_API_KEY", ""))
    parser.add_argument("--events", type=int, default=70, help="how many events")
    parser.add_argument("--patience", type=float, default=60.0, help="seconds until all is served")
    given = parser.parse_args(words)
    headers = {"authorization": f"Bearer {given.key}"} if given.key else {}
    match_id = f"e2e-{uuid.uuid4().hex[:12]}"
    events = made(match_id, given.events)
    with httpx.Client(base_url=given.url, headers=headers, timeout=30) as client:
        posted(client, events)
        say(f"{len(events)} events of match {match_id} are accepted")
        processed(client, match_id, len(events), patience_s=given.patience)
        checked(client, match_id, events)
        posted(client, events)
        checked(client, match_id, events)
    say("events, goals and passes come back in order, each once; posted again, nothing changes")


if __name__ == "__main__":
    main(sys.argv[1:])
