"""DynamoDB: what is read, what is tried again, and that a batch is all there however it was broken off."""

import json
import os
import re
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import ministack
import pytest
from botocore.exceptions import ReadTimeoutError
from feeds import Event, amend, cancel, event, records, told, value
from msgspec.structs import replace
from under_test import dynamo_serving

from touchline.adapters.dynamodb import DynamoServing
from touchline.config import Config, load
from touchline.core.memory import MemoryServing
from touchline.core.ports import Asked, Record, ServingStore, Version, View
from touchline.errors import (
    ConfigError,
    ConflictError,
    StorageError,
    TouchlineError,
    TransientError,
)
from touchline.matches.live import (
    DEAD,
    EVENTS,
    MATCHES,
    MOST_EVENT_BYTES,
    STREAM,
    VIEWS,
    fold,
)
from touchline.matches.live.views import ALL, WAITING
from touchline.server.living import living
from touchline.wiring import Touchline

WRITES = ("TransactWriteItems", "PutItem", "DeleteItem")


@dataclass
class Shop:
    """A store of match events, and its owners."""

    prefix: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:12]}")
    owners: list[DynamoServing] = field(default_factory=list)

    def open(self, **more: Any) -> DynamoServing:
        self.owners.append(dynamo_serving(self.prefix, **more))
        return self.owners[-1]


@pytest.fixture
def shop() -> Iterator[Shop]:
    found = Shop()
    found.open().prepare(VIEWS)
    yield found
    for owner in found.owners:
        owner.close()


def on(store: DynamoServing, when: str, call: str, do: Callable[..., Any]) -> None:
    """Do something before or after each call of that name; what it returns is then the answer."""
    store.calls.client.meta.events.register(f"{when}-call.dynamodb.{call}", do)


def answer(code: str, status: int = 400, **more: Any) -> tuple[Any, dict[str, Any]]:
    """What DynamoDB says when it refuses."""
    said = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {}, **more}
    return mock.Mock(status_code=status), said


@dataclass
class Once:
    """Gives this answer to the first calls, and lets the others through."""

    answer: Any
    times: int = 1
    calls: int = 0

    def __call__(self, **_: Any) -> Any:
        self.calls += 1
        return self.answer if self.calls <= self.times else None


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("touchline.adapters.dynamodb.calls._FIRST_WAIT_S", 0.0001)


def everything(store: ServingStore) -> dict[str, Sequence[Version]]:
    """All that the store has ever known of matches m1 and m2."""
    places = [(EVENTS, "m1"), (EVENTS, "m2"), (MATCHES, ALL), (DEAD, ALL), (DEAD, WAITING)]
    return {f"{v.name} {key}": store.changes(v, key, after=-1, limit=10**6) for v, key in places}


def listed(store: ServingStore, **asked: Any) -> list[str]:
    return [v.id for v in store.rows(EVENTS, "m1", Asked(**asked))]


# --- what is read --------------------------------------------------------------------------------


def test_tables_have_the_keys_and_names_of_their_design(shop: Shop) -> None:
    store = shop.open()
    told(store, records([event("e1", event_type="goal", sequence=7)]))
    name, client = f"{shop.prefix}-match_events", store.calls.client
    table = client.describe_table(TableName=name)["Table"]
    assert [k["AttributeName"] for k in table["KeySchema"]] == ["match_id", "event_timestamp"]
    index = {i["IndexName"]: i["KeySchema"][1] for i in table["LocalSecondaryIndexes"]}
    assert index["by_first"]["AttributeName"] == "event_type_timestamp"
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    (item,) = client.scan(TableName=name)["Items"]
    place = "2025-04-05T12:00:00.000000Z#0000000007#e1\x1f00000000000000000000"
    assert {n: item[n]["S"] for n in ("match_id", "event_timestamp", "event_type_timestamp")} == {
        "match_id": "m1",
        "event_timestamp": place,
        "event_type_timestamp": f"goal#{place}",
    }
    assert (item["event_type"]["S"], item["team_id"]["S"]) == ("goal", "t1")
    assert json.loads(item["body"]["B"])["event_id"] == "e1"


def test_goals_are_read_without_reading_passes(shop: Shop) -> None:
    store, seen = shop.open(), list[int]()
    kinds = ["goal" if n % 25 == 0 else "pass" for n in range(100)]
    told(store, records(event(f"e{n}", n, event_type=kind) for n, kind in enumerate(kinds)))
    on(store, "after", "Query", lambda parsed, **_: seen.append(parsed["ScannedCount"]))
    assert listed(store, where={"event_type": "goal"}) == ["e0", "e25", "e50", "e75"]
    assert seen == [4]


def test_a_page_is_read_without_reading_the_match(shop: Shop) -> None:
    store, seen = shop.open(), list[int]()
    told(store, records(event(f"e{n:03}", n / 10) for n in range(300)))
    on(store, "after", "Query", lambda parsed, **_: seen.append(parsed["ScannedCount"]))
    assert len(listed(store, limit=16)) == 16
    assert sum(seen) < 32


def test_what_is_known_of_a_hundred_new_events_is_asked_in_one_call(shop: Shop) -> None:
    store, seen = shop.open(), Once(None)
    on(store, "before", "*", seen)
    assert store.known(EVENTS, [("m1", f"e{n}") for n in range(100)]) == {}
    assert seen.calls == 1


def test_keys_that_were_not_processed_are_asked_for_again(shop: Shop) -> None:
    store = shop.open()
    told(store, records(event(f"e{n}", n) for n in range(5)))
    ids = [("m1", f"e{n}") for n in range(5)]
    keys = [{"of": {"S": "match_events#m1"}, "id": {"S": id_}} for _, id_ in ids]
    left = {f"{shop.prefix}-ids": {"Keys": keys, "ConsistentRead": True}}
    none = (mock.Mock(status_code=200), {"Responses": {}, "UnprocessedKeys": left})
    on(store, "before", "BatchGetItem", Once(none, times=3))
    assert list(store.known(EVENTS, ids)) == ids
    on(store, "before", "BatchGetItem", Once(none, times=99))
    with pytest.raises(TransientError, match=r"5 keys were not all read, after 8 tries"):
        store.known(EVENTS, ids)


# --- what is tried again, and what is said --------------------------------------------------------


@dataclass
class Throttled:
    """The service refuses the first requests, as it does when there are too many."""

    times: int
    requests: int = 0

    def __call__(self, **_: Any) -> Any:
        from botocore.awsrequest import AWSResponse

        self.requests += 1
        if self.requests > self.times:
            return None
        body = b'{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException"}'
        raw = mock.Mock(stream=lambda *_, **__: iter([body]))
        return AWSResponse("http://there", 400, {}, raw)


def test_a_throttled_write_is_tried_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    store, slow = shop.open(), Throttled(3)
    store.calls.client.meta.events.register("before-send.dynamodb.TransactWriteItems", slow)
    told(store, records([event("e1")]))
    assert slow.requests == 4
    assert listed(store) == ["e1"]
    slow.times = 10**6
    with pytest.raises(TransientError, match="ThrottlingException"):
        told(store, records([event("e2")], first=1))
    assert slow.requests == 4 + 8
    assert (listed(store), store.position("live")) == (["e1"], {0: 1})


def cancelled(*codes: str) -> Any:
    return answer("TransactionCanceledException", CancellationReasons=[{"Code": c} for c in codes])


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError"])
def test_a_write_in_the_way_of_another_is_tried_again(shop: Shop, code: str) -> None:
    store = shop.open()
    on(store, "before", "TransactWriteItems", Once(cancelled("None", code), times=2))
    told(store, records([event("e1")]))
    assert listed(store) == ["e1"]
    on(store, "before", "TransactWriteItems", Once(cancelled(code), times=99))
    with pytest.raises(TransientError, match=code):
        told(store, records([event("e2")], first=1))
    assert store.position("live") == {0: 1}


def test_a_row_that_is_too_large_is_refused(shop: Shop) -> None:
    store = shop.open()
    told(store, records([event("e1")]))
    (row,) = store.rows(EVENTS, "m1", Asked())
    large = [replace(row, id=f"e{n}", order=f"{n}", body=b"x" * 4000 * n) for n in range(120)]
    with pytest.raises(StorageError, match="row of 4") as found:
        store.apply({EVENTS: large}, reader="live", before={0: 1}, after={0: 2})
    assert "400 KB" in found.value.hint
    assert (listed(store), store.position("live")) == (["e1"], {0: 1})


def test_the_largest_event_fits_whatever_becomes_of_it(shop: Shop) -> None:
    ids = {"event_id": "🏟" * 128, "team_id": "🥅" * 128, "player_id": "🧤" * 128}
    large = {
        name: largest(said | ids) for name, said in (("first", event()), ("other", event(x=1)))
    }
    late = largest({**amend(), **ids, "event_id": "e9"})
    store = shop.open()
    told(store, records([large["first"], large["other"], late]))
    (found,) = store.rows(EVENTS, "m1", Asked())
    assert len(found.body) > MOST_EVENT_BYTES
    kept = [len(v.body) for key in (ALL, WAITING) for v in store.rows(DEAD, key, Asked())]
    assert [size > 2 * MOST_EVENT_BYTES - 5000 for size in kept] == [True, True]


def largest(said: Event) -> Event:
    """The event with a text that makes it as large as one may be, and twice that where it is quoted."""
    room = MOST_EVENT_BYTES - len(value({**said, "text": ""}))
    return {**said, "text": '"' * (room // 2) + "x" * (room % 2)}


def test_an_event_that_was_corrected_too_often_is_said(shop: Shop) -> None:
    store = shop.open()
    said = answer("ValidationException")
    said[1]["Error"]["Message"] = "Item size to update has exceeded the maximum allowed size"
    on(store, "before", "TransactWriteItems", Once(said))
    with pytest.raises(StorageError, match="Item size"):
        told(store, records([event("e1")]))


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("AccessDeniedException", 400, ConfigError),
        ("UnrecognizedClientException", 400, ConfigError),
        ("ExpiredTokenException", 400, ConfigError),
        ("ItemCollectionSizeLimitExceededException", 400, StorageError),
        ("InternalServerError", 500, TransientError),
        ("Unheard", 503, TransientError),
    ],
)
def test_what_the_service_refuses_is_said_in_our_words(
    shop: Shop, code: str, status: int, kind: type[TouchlineError]
) -> None:
    store = shop.open()
    refusal = answer(code, status, ResponseMetadata={"HTTPStatusCode": status})
    on(store, "before", "Query", Once(refusal))
    with pytest.raises(kind, match=code) as found:
        store.rows(EVENTS, "m1", Asked())
    assert found.value.hint


def test_without_its_tables_a_store_says_which_keys_to_look_at() -> None:
    store = Shop().open()
    for asked in (lambda: store.rows(EVENTS, "m1", Asked()), lambda: store.position("live")):
        with pytest.raises(ConfigError) as found:
            asked()
        assert "stores.serving.prefix" in found.value.hint
    store.close()


def test_what_cannot_be_reached_is_to_be_tried_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    with mock.patch.dict(os.environ, ministack.somebody()):
        store = DynamoServing("x", endpoint="http://127.0.0.1:9")
    with pytest.raises(TransientError, match=r"127\.0\.0\.1:9"):
        store.position("live")
    store.close()


def test_without_credentials_or_region_the_way_out_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(ConfigError, match="region") as found:
        DynamoServing("x")
    assert "stores.serving.region" in found.value.hint
    store = DynamoServing("x", region="eu-central-1", endpoint="http://127.0.0.1:9")
    with pytest.raises(ConfigError, match="credentials"):
        store.position("live")
    store.close()


def test_tables_are_made_once_and_those_of_others_are_refused(shop: Shop) -> None:
    store = shop.open()
    store.prepare(VIEWS)
    other = View(EVENTS.name, EVENTS.by, shown_as=("a", "b", "c"))
    with pytest.raises(ConfigError, match=f"{shop.prefix}-match_events: its keys are"):
        store.prepare([other])


# --- all of a batch or nothing -------------------------------------------------------------------


def feed() -> list[Record]:
    """Events, corrections of known and of unknown ones, repeats, and what cannot be used."""
    told_ = [event(f"e{n}", n, event_type="goal" if n % 4 == 0 else "pass") for n in range(8)]
    more: list[Event] = [
        amend("e1", player_id="p2"),
        amend("w1", player_id="p9"),
        event("e2", 2),
        amend("e1", player_id="p3", timestamp="2025-04-05T12:30:00Z"),
        cancel("e3"),
        event("w1", 3.5),
        event("f1", -9, match_id="m2"),
        event("e4", 77),
        cancel("w2"),
        amend("e1", player_id="p4"),
        event("w2", 4),
        event("f1", -19, match_id="m2", event_type="goal"),
    ]
    return records(told_ + more)


def read(store: ServingStore, found: Sequence[Record], *, size: int) -> None:
    """The rest of the feed is read, in batches of this size."""
    while rest := found[store.position("live").get(0, 0) :]:
        told(store, rest[:size])


class Killed(BaseException):
    """The end of a process."""


@dataclass
class Deadly:
    """Kills who writes for the n-th time, before it is done or after."""

    after: int
    seen: int = 0

    def __call__(self, **_: Any) -> None:
        self.seen += 1
        if self.seen == self.after:
            raise Killed


def killed(shop: Shop, when: str, nth: int, act: Callable[[DynamoServing], None]) -> bool:
    """Whether somebody who does this is killed at the n-th write."""
    store, deadly = shop.open(most=7), Deadly(nth)
    for call in WRITES:
        on(store, when, call, deadly)
    try:
        act(store)
    except Killed:
        return True
    return False


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_write_the_store_becomes_what_it_would_have_been(
    shop: Shop, when: str
) -> None:
    found, clean, next_one = feed(), MemoryServing(), shop.open()
    read(clean, found, size=len(found))
    kills = 0
    for nth in range(1, 100):
        if not killed(shop, when, nth, lambda store: read(store, found, size=12)):
            break
        kills += 1
        read(next_one, found, size=1 + nth % 4)
        assert everything(next_one) == everything(clean), f"{when} write {nth}"
        next_one.clear("live", VIEWS)
    assert kills > 15


def test_killed_while_it_clears_the_store_is_cleared_by_the_next_one(shop: Shop) -> None:
    found, clean, next_one = feed(), MemoryServing(), shop.open()
    read(clean, found, size=5)
    for nth in range(3, 60, 4):
        read(next_one, found, size=20)
        if not killed(shop, "after", nth, lambda store: store.clear("live", VIEWS)):
            break
        assert next_one.position("live") == {}
        assert not any(everything(next_one).values())
    assert nth > 10
    read(next_one, found, size=9)
    assert everything(next_one) == everything(clean)
    next_one.clear("live", VIEWS)
    for table in ("ids", "positions", "match_events", "matches", "dead_letters"):
        left = next_one.calls.client.scan(TableName=f"{shop.prefix}-{table}")
        assert left["Count"] == 0, table


def test_who_is_overtaken_in_the_middle_of_a_batch_writes_nothing_more(shop: Shop) -> None:
    found, clean, other = feed(), MemoryServing(), shop.open()
    read(clean, found, size=3)
    slow, begun = shop.open(most=7), Once(None)

    def overtaken(**_: Any) -> None:
        begun()
        if begun.calls == 4:  # announced, and one transaction done
            read(other, found, size=2)

    on(slow, "before", "TransactWriteItems", overtaken)
    told(slow, found[:12])
    assert begun.calls == 4
    assert everything(other) == everything(clean)
    assert other.position("live") == {0: len(found)}


def test_who_comes_late_with_a_large_batch_is_refused_and_leaves_nothing(shop: Shop) -> None:
    found, late, other = feed(), shop.open(most=7), shop.open()
    changes = fold(found[:12], late)
    read(other, found, size=4)
    before = everything(other)
    with pytest.raises(ConflictError, match=r"is at \{0: 20\}, expected \{\}"):
        late.apply(changes, reader="live", before={}, after={0: 12})
    assert everything(other) == before
    assert other.calls.client.scan(TableName=f"{shop.prefix}-positions")["Count"] == 1


def test_a_write_whose_answer_was_lost_is_there_once(shop: Shop) -> None:
    store, found, clean = shop.open(), feed(), MemoryServing()
    read(clean, found, size=6)

    def lost(**_: Any) -> None:
        store.calls.client.meta.events.unregister("after-call.dynamodb.TransactWriteItems", lost)
        raise ReadTimeoutError(endpoint_url="there")

    on(store, "after", "TransactWriteItems", lost)
    with pytest.raises(TransientError):
        told(store, found[:6])
    assert store.position("live") == {0: 6}
    read(store, found, size=6)
    assert everything(store) == everything(clean)


# --- by configuration ----------------------------------------------------------------------------


def configured(tmp_path: Path, serving: str) -> Config:
    file = tmp_path / "touchline.toml"
    file.write_text(f"[stores]\nserving = {{ {serving} }}\n")
    return load(file)


def test_the_live_path_makes_its_tables_and_serves_from_them(tmp_path: Path) -> None:
    prefix, at = f"t{uuid.uuid4().hex[:12]}", ministack.endpoint()
    serving = f'kind = "dynamodb", prefix = "{prefix}", region = "eu-west-1", endpoint = "{at}"'
    here = Touchline(configured(tmp_path, serving))
    here.log.append(STREAM.topic, [("m1", r.value) for r in feed() if r.key == "m1"]).result(30)
    with mock.patch.dict(os.environ, ministack.somebody()), living(here, None, print):
        store = here.serving
        until = time.monotonic() + 60
        while not store.position(STREAM.reader) and time.monotonic() < until:
            time.sleep(0.05)
        assert listed(store, where={"event_type": "goal"}) == ["e0", "e4"]
    assert not (tmp_path / "data" / "serving.db").exists()
    store.close()


@pytest.mark.parametrize(
    ("serving", "said"),
    [
        ('kind = "dynamo"', "expected sqlite or dynamodb"),
        ('kind = "dynamodb", prefix = "a b"', "1 to 200 letters, digits and _ . -"),
        ('kind = "dynamodb", endpoint = "localhost:8000"', "http:// or https:// and a host"),
        ('kind = "dynamodb", path = "x"', "unknown field `path`"),
    ],
)
def test_a_wrong_section_is_told_by_place(tmp_path: Path, serving: str, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        configured(tmp_path, serving)
