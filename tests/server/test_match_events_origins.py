"""What a page of another site makes a browser send is refused, also with the password it keeps."""

import httpx
import pytest
from live_world import Live, event
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

ELSEWHERE = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:1"},
    {"origin": "http://["},
    {"sec-fetch-site": "cross-site"},
]


@pytest.mark.parametrize("headers", ELSEWHERE, ids=lambda h: next(iter(h.values())))
@pytest.mark.parametrize("path", ["/events", "/events/batch"])
def test_what_another_sites_page_posts_is_refused(
    client: httpx.Client, headers: dict[str, str], path: str
) -> None:
    answer = client.post(path, json=event("e1", match_id="foreign"), headers=headers)
    assert answer.status_code == 403
    assert "expected none but this server's own" in answer.json()["error"]["message"]


@pytest.mark.parametrize("headers", ELSEWHERE, ids=lambda h: next(iter(h.values())))
@pytest.mark.parametrize("path", ["/events", "/matches/m1/stream"])
def test_another_sites_page_gets_no_websocket(
    served_live: Live, headers: dict[str, str], path: str
) -> None:
    given = served_live.bearer() | headers
    with pytest.raises(InvalidStatus, match="403"), connect(served_live.ws(path), additional_headers=given):  # fmt: skip
        pass


def test_a_page_of_this_server_may_post_and_follow(served_live: Live, client: httpx.Client) -> None:
    own = {"origin": served_live.address, "sec-fetch-site": "same-origin"}
    answer = client.post("/events", json=event("e1", match_id="own"), headers=own)
    assert answer.status_code == 201
    given = served_live.bearer() | own
    with connect(served_live.ws("/matches/own/stream"), additional_headers=given) as socket:
        assert '"kind"' in str(socket.recv(30))
