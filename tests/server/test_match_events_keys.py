"""Who may post and ask: keys in three forms, scopes, rates; revoked within a second; never told."""

import logging
from pathlib import Path

import httpx
import pytest
from live_world import Live, event, live, until
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from touchline.core.keys import Bucket
from touchline.server.admission import Admission

ASKED = ("/matches", "/matches/m1", "/matches/m1/goals", "/matches/m1/stream", "/dead-letters")


@pytest.mark.parametrize("path", ASKED)
def test_without_a_key_nothing_is_told(served_live: Live, path: str) -> None:
    wrong = "tl_" + "x" * 43
    for headers in ({}, {"authorization": f"Bearer {wrong}"}, {"x-api-key": wrong}):
        answer = httpx.get(served_live.address + path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic ")
        assert answer.json()["error"]["hint"].startswith("Authorization: Bearer KEY")


@pytest.mark.parametrize(
    "said",
    ["Bearer", "Bearer x", "Basic", "Basic ???", "Basic /w==", "Digest x", "\xff", "bearer tl_"],
)
def test_what_is_no_key_is_refused(served_live: Live, said: str) -> None:
    headers = {"authorization": said.encode("latin-1")}
    assert httpx.get(f"{served_live.address}/matches", headers=headers).status_code == 401


def test_a_key_comes_as_a_bearers_as_a_password_or_in_a_header_of_its_own(
    served_live: Live,
) -> None:
    key, address = served_live.keys["reader"], f"{served_live.address}/matches"
    assert httpx.get(address, headers={"authorization": f"bearer {key}"}).status_code == 200
    assert httpx.get(address, headers={"x-api-key": key}).status_code == 200
    for user in ("anybody", ""):
        assert httpx.get(address, auth=(user, key)).status_code == 200
    assert httpx.get(f"{address}?key={key}").status_code == 401


def test_a_key_admits_to_its_scopes_only(served_live: Live) -> None:
    with served_live.client("reader") as reader, served_live.client("writer") as writer:
        for path in ("/events", "/events/batch"):
            refused = reader.post(path, json=event(match_id="scopes"))
            assert refused.status_code == 403
            assert refused.json()["error"]["message"] == "key 'reader' may not write"
            assert writer.post(path, json=event(match_id="scopes")).is_success
        for path in ASKED:
            assert writer.get(path).status_code == 403
        assert reader.get("/matches").status_code == 200


def test_a_websocket_asks_for_a_key_too(served_live: Live) -> None:
    for path, name in (("/events", "reader"), ("/matches/m1/stream", "writer")):
        for headers in ({}, served_live.bearer(name)):
            with pytest.raises(InvalidStatus) as raised:
                connect(served_live.ws(path), additional_headers=headers)
            assert raised.value.response.status_code == 403


def test_a_revoked_key_admits_to_nothing_soon_after(served_live: Live) -> None:
    served_live.key("gone", "read", "write")
    with served_live.client("gone") as client:
        until(lambda: client.get("/matches").status_code, lambda code: code == 200)
        with connect(
            served_live.ws("/events"), additional_headers=served_live.bearer("gone")
        ) as socket:
            socket.send("{}")
            assert socket.recv(30).startswith('{"status":422')
            served_live.revoke("gone")
            until(lambda: client.get("/matches").status_code, lambda code: code == 401)
            socket.send("{}")
            assert socket.recv(30).startswith('{"status":401')


def test_keys_are_read_anew_after_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    read, now = [], [100.0]
    monkeypatch.setattr("touchline.server.admission.time.monotonic", lambda: now[0])
    admission = Admission(lambda: read.append(now[0]) or [])
    for at in (100.0, 100.5, 100.99, 101.0, 101.5, 102.1):
        now[0] = at
        assert admission.refusal({b"x-api-key": b"k"}, "read") is not None
    assert read == [100.0, 101.0, 102.1]


def test_who_asks_too_often_is_told_when_to_come_back(served_live: Live) -> None:
    with served_live.client("few") as client:
        answers = [client.get("/matches") for _ in range(50)]
        refused = [a for a in answers if a.status_code == 429]
        assert len(refused) > 25
        assert {a.status_code for a in answers} == {200, 429}
        assert refused[0].headers["retry-after"] == "1"
        assert refused[0].json()["error"]["message"] == "key 'few' has 2 requests a second"
        until(lambda: client.get("/matches").status_code, lambda code: code == 200)
    with served_live.client("reader") as other:
        assert other.get("/matches").status_code == 200


def test_a_rate_admits_so_many_a_second_and_as_many_at_once() -> None:
    bucket = Bucket(10.0)
    assert [bucket.wait_s(100.0) for _ in range(10)] == [0.0] * 10
    assert bucket.wait_s(100.0) == pytest.approx(0.1)
    assert bucket.wait_s(100.11) == 0.0
    assert [bucket.wait_s(200.0) for _ in range(11)].count(0.0) == 10


def test_keys_are_in_no_answer_and_no_log(
    served_live: Live, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    key = served_live.keys["reader"]
    said = []
    for headers in (
        {"x-api-key": key},
        {"x-api-key": key + "x"},
        {"authorization": f"Basic {key}"},
    ):
        for path in (*ASKED[:3], f"/matches/{key}x", "/nothing"):
            answer = httpx.get(served_live.address + path, headers=headers)
            said.append(answer.text.replace(f"{key}x", "") + str(answer.headers))
        answer = httpx.post(f"{served_live.address}/events", headers=headers, content=b"{")
        said.append(answer.text + str(answer.headers))
    out, err = capfd.readouterr()
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith(("httpx", "httpcore"))]
    assert key not in "\n".join([*said, *ours, out, err])


def test_a_folder_keeps_no_text_of_a_key(tmp_path: Path) -> None:
    with live(tmp_path) as world, world.client() as client:
        client.post("/events", json=event())
        keys = [key.encode() for key in world.keys.values()]
    kept = b"".join(f.read_bytes() for f in tmp_path.rglob("*") if f.is_file())
    assert len(kept) > 1000
    assert not [key for key in keys if key in kept]


def test_on_this_machine_keys_may_be_off(tmp_path: Path) -> None:
    with live(tmp_path, api_keys=False) as world:
        assert httpx.post(f"{world.address}/events", json=event()).status_code == 201
        assert httpx.get(f"{world.address}/matches").status_code == 200


def test_who_has_no_key_opens_no_store(tmp_path: Path) -> None:
    with live(tmp_path) as world:
        assert httpx.post(f"{world.address}/events", json=event()).status_code == 401
        assert not (tmp_path / "data" / "log.db").exists()
        with world.client("writer") as client:
            assert client.post("/events", json=event()).status_code == 201
        assert (tmp_path / "data" / "log.db").exists()
