"""A live store that is made anew of bronze and a log that has forgotten: the same, to the last change."""

import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from feeds import Event, amend, cancel, event, real_match, value
from kafka_broker import Shared

from touchline.adapters.kafka import Cluster, KafkaLog
from touchline.adapters.sqlite import SqliteLog, SqliteServing
from touchline.core import archive
from touchline.core.memory import MemoryLedger, MemoryObjects
from touchline.core.ports import Asked, ServingStore
from touchline.core.shelf import shelf
from touchline.core.stream import catch_up, read_on, replay
from touchline.core.whole_log import WholeLog
from touchline.matches.live import ALL, DEAD, EVENTS, MATCHES, STREAM, WAITING
from touchline.matches.pipeline import ARCHIVE

ALL_OF_THEM = Asked(limit=100_000)


class Platform:
    """A log, its archive, and live stores that are made of them."""

    def __init__(self, raw: Any, folder: Path) -> None:
        self.raw, self.folder = raw, folder
        self.objects, self.ledger, self.made = MemoryObjects(), MemoryLedger(), 0

    @property
    def log(self) -> WholeLog:
        """The log, as a new process has it."""
        of = {"objects": self.objects, "ledger": self.ledger}
        return WholeLog(self.raw, STREAM.topic, lambda: shelf(ARCHIVE, self.raw, **of))

    def store(self) -> SqliteServing:
        """A live store that has read nothing."""
        self.made += 1
        return SqliteServing(self.folder / f"serving-{self.made}.db")

    def came(self, feed: Sequence[Event | bytes]) -> None:
        keys = ["m1" if isinstance(e, bytes) else str(e["match_id"]) for e in feed]
        values = [e if isinstance(e, bytes) else value(e) for e in feed]
        self.raw.append(STREAM.topic, list(zip(keys, values, strict=True))).result(60)

    def archive(self) -> None:
        """All that came lies in bronze."""
        now = datetime.now(UTC) + timedelta(hours=2)
        of = {"objects": self.objects, "ledger": self.ledger}
        archive.archived(ARCHIVE, log=self.log, now=now, whole=True, **of)


def known(store: ServingStore, matches: Sequence[str]) -> Mapping[str, Any]:
    """Everything that a live store says."""
    return {
        "events": {m: store.rows(EVENTS, m, ALL_OF_THEM) for m in matches},
        "changes": {m: store.changes(EVENTS, m, after=-1, limit=100_000) for m in matches},
        "matches": store.rows(MATCHES, ALL, ALL_OF_THEM),
        "letters": {key: store.rows(DEAD, key, ALL_OF_THEM) for key in (ALL, WAITING)},
        "position": store.position(STREAM.reader),
    }


@pytest.fixture(params=["sqlite", "kafka"])
def platform(request: pytest.FixtureRequest, tmp_path: Path, kafka: Shared) -> Iterator[Platform]:
    log: Any
    if request.param == "kafka":
        prefix = f"{uuid.uuid4().hex[:8]}."
        log = KafkaLog(Cluster(kafka.broker().bootstrap, prefix, replication=1, min_insync=1))
    else:
        log = SqliteLog(tmp_path / "log.db")
    log.prepare([STREAM.topic], lanes=3)
    yield Platform(log, tmp_path)
    log.close()


def feed(seed: int) -> list[Event | bytes]:
    """A real match and made-up ones among each other, in any order, corrected, with what cannot be used."""
    dice = random.Random(seed)
    real = real_match()[:400]
    mine: list[Event | bytes] = [
        *real,
        *(event(f"e{n}", n, match_id=f"m{n % 4}") for n in range(80)),
    ]
    mine += [amend(f"e{n}", match_id=f"m{n % 4}", player_id="p7") for n in range(0, 80, 3)]
    mine += [cancel(f"e{n}", match_id=f"m{n % 4}") for n in range(0, 80, 7)]
    mine += [{**e, "action": "amend", "event_type": "goal"} for e in real[::40]]
    mine += [b"{", b"\xff", amend("nobody"), event("e4", 3, player_id="another", match_id="m0")]
    dice.shuffle(mine)
    return mine


MATCHES_OF_IT = ["2057954", "m0", "m1", "m2", "m3"]


def test_it_is_the_same_where_the_log_has_forgotten_what_was_archived(platform: Platform) -> None:
    live, everything = platform.store(), feed(1)
    for first in range(0, len(everything), 150):
        platform.came(everything[first : first + 150])
        catch_up(STREAM, platform.log, live)
        if first < 450:
            platform.archive()
            platform.raw.trim(STREAM.topic, live.position(STREAM.reader))
    was = known(live, MATCHES_OF_IT)
    assert sum(platform.raw.start(STREAM.topic).values()) == 450
    assert len(was["events"]["2057954"]) == 400
    assert was["letters"][ALL]
    assert was["letters"][WAITING]

    anew = platform.store()
    catch_up(STREAM, platform.log, anew)
    assert known(anew, MATCHES_OF_IT) == was
    in_small_pieces = platform.store()
    while read_on(STREAM, platform.log, in_small_pieces, limit=37, timeout_s=0) is not None:
        pass
    assert known(in_small_pieces, MATCHES_OF_IT) == was
    replay(STREAM, platform.log, anew)
    assert known(anew, MATCHES_OF_IT) == was


def test_an_old_back_up_of_it_goes_on_to_the_same(platform: Platform) -> None:
    old, live, everything = platform.store(), platform.store(), feed(2)
    platform.came(everything[:200])
    catch_up(STREAM, platform.log, old)
    platform.came(everything[200:])
    catch_up(STREAM, platform.log, live)
    platform.archive()
    platform.raw.trim(STREAM.topic, platform.raw.end(STREAM.topic))
    catch_up(STREAM, platform.log, old)
    assert known(old, MATCHES_OF_IT) == known(live, MATCHES_OF_IT)


@pytest.mark.parametrize("how", ["an offset", "an instant", "an instant long ago"])
def test_what_came_since_is_read_again_and_changes_nothing(platform: Platform, how: str) -> None:
    live, everything = platform.store(), feed(3)
    platform.came(everything[:300])
    between = datetime.now(UTC)
    platform.came(everything[300:])
    catch_up(STREAM, platform.log, live)
    platform.archive()
    platform.raw.trim(
        STREAM.topic, {lane: n // 2 for lane, n in live.position(STREAM.reader).items()}
    )
    was = known(live, MATCHES_OF_IT)
    since: Any = between if how == "an instant" else datetime(2000, 1, 1, tzinfo=UTC)
    if how == "an offset":
        since = {max(live.position(STREAM.reader)): 5}
    replay(STREAM, platform.log, live, since=since)
    assert known(live, MATCHES_OF_IT) == was
